/**
 * The header of a libvirt save image (SPEC 11.1): 92 bytes in the byte order of
 * the host that saved, then the domain's XML, then QEMU's stream.
 *
 * | offset | size | field |
 * | -----: | ---: | ----- |
 * |      0 |   16 | magic |
 * |     16 |    4 | version |
 * |     20 |    4 | data_len |
 * |     24 |    4 | was_running |
 * |     28 |    4 | format |
 * |     32 |    4 | cookie_offset |
 * |     36 |   56 | unused |
 *
 * @module
 */

import type { ByteRange } from "../bytes/byte_range.ts";
import type { Walk } from "../bytes/walk.ts";
import type { FormatError, RuleViolation } from "../rules/errors.ts";
import type { RuleSlug } from "../rules/rules.ts";
import type { StreamReader } from "../stream/stream_reader.ts";

/** Bytes of the header. */
const LIBVIRT_HEADER_LENGTH = 92;
const MAGIC_LENGTH = 16;
/** Bytes after the last field. */
const UNUSED_LENGTH = 56;
const MAGIC_COMPLETE = "LibvirtQemudSave";
const MAGIC_PARTIAL = "LibvirtQemudPart";
const VERSION_MAX = 2;

/** Positions of the fields after the magic. */
export const LIBVIRT_HEADER_FIELDS = {
  version: 16,
  dataLength: 20,
  wasRunning: 24,
  format: 28,
  cookieOffset: 32,
} as const;

/** How libvirt stored the stream. */
export type LibvirtFormat =
  | "raw"
  | "gzip"
  | "bzip2"
  | "xz"
  | "lzop"
  | "zstd"
  | "sparse";

/** The formats by their numbers in the file. */
const FORMATS: readonly LibvirtFormat[] = [
  "raw",
  "gzip",
  "bzip2",
  "xz",
  "lzop",
  "zstd",
  "sparse",
];

/** The header of a libvirt save image. */
export interface LibvirtSaveHeader {
  /** 1 or 2. Version 1 has no format other than raw. */
  readonly version: number;
  /** The byte order of the host that saved. */
  readonly byteOrder: "little" | "big";
  /** Whether the guest was running when it was saved, and is to run again. */
  readonly wasRunning: boolean;
  /** How the stream is stored. */
  readonly format: LibvirtFormat;
  /**
   * Range of the domain's XML; its NUL may come before the end of the range.
   */
  readonly xml: ByteRange;
  /** Range of the cookie, which is XML too; not every image has one. */
  readonly cookie?: ByteRange;
  /** Position of the stream, compressed or not. */
  readonly streamOffset: number;
}

/** Whether these first bytes of a file are those of a libvirt save image. */
function isLibvirtSave(bytes: Uint8Array): boolean {
  const magic = textOf(bytes.subarray(0, MAGIC_LENGTH));
  return magic === MAGIC_COMPLETE || magic === MAGIC_PARTIAL;
}

/**
 * Reads the header if the file is a libvirt save image, and moves the reader,
 * which is at byte 0, to the stream. Otherwise the reader does not move.
 */
export function* readLibvirtSaveHeader(
  reader: StreamReader,
): Walk<LibvirtSaveHeader | undefined> {
  yield* reader.fetch(LIBVIRT_HEADER_LENGTH);
  const start = reader.offset;
  const magic = reader.peekBytes(MAGIC_LENGTH);
  if (!isLibvirtSave(magic)) return undefined;
  reader.bytes(MAGIC_LENGTH, "the magic");
  if (textOf(magic) === MAGIC_PARTIAL) {
    throw reader.formatError("libvirt-complete", {
      offset: start,
      found: `"${MAGIC_PARTIAL}": the save was not finished`,
      expected: `"${MAGIC_COMPLETE}"`,
    });
  }
  const fields = reader.peekBytes(LIBVIRT_HEADER_LENGTH - MAGIC_LENGTH);
  for (const name of Object.keys(LIBVIRT_HEADER_FIELDS)) {
    reader.bytes(4, `the libvirt save image: ${name}`);
  }
  reader.bytes(UNUSED_LENGTH, "the libvirt save image: unused");
  const header = decodeHeader(reader, fields, start);
  reader.seek(header.streamOffset);
  return header;
}

function decodeHeader(
  reader: StreamReader,
  bytes: Uint8Array,
  start: number,
): LibvirtSaveHeader {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const isVersion = (version: number) => version >= 1 && version <= VERSION_MAX;
  const littleEndian = isVersion(view.getUint32(0, true));
  const field = (name: keyof typeof LIBVIRT_HEADER_FIELDS) =>
    view.getUint32(LIBVIRT_HEADER_FIELDS[name] - MAGIC_LENGTH, littleEndian);
  const refuse = (
    rule: RuleSlug,
    name: keyof typeof LIBVIRT_HEADER_FIELDS,
    violation: Omit<RuleViolation, "rule" | "offset">,
  ): FormatError =>
    reader.formatError(rule, {
      offset: start + LIBVIRT_HEADER_FIELDS[name],
      ...violation,
    });

  const version = field("version");
  if (!isVersion(version)) {
    const found = `version ${view.getUint32(0, true)}, or ${version} in the ` +
      "other byte order";
    const expected = `1 or ${VERSION_MAX}`;
    const least = Math.min(version, view.getUint32(0, true));
    if (least === 0) {
      throw refuse("libvirt-version", "version", { found, expected });
    }
    throw reader.unsupportedError("libvirt-version", {
      feature: `libvirt save image version ${least}`,
      offset: start + LIBVIRT_HEADER_FIELDS.version,
      found,
      expected,
    });
  }
  const dataLength = field("dataLength");
  const dataOffset = start + LIBVIRT_HEADER_LENGTH;
  const streamOffset = dataOffset + dataLength;
  if (dataLength === 0 || streamOffset > reader.fileLength) {
    throw refuse("libvirt-data", "dataLength", {
      found: `data_len is ${dataLength}`,
      expected: "1 or more bytes of XML inside the file",
    });
  }
  const cookieOffset = field("cookieOffset");
  if (cookieOffset >= dataLength) {
    throw refuse("libvirt-data", "cookieOffset", {
      found: `cookie_offset is ${cookieOffset}`,
      expected: `less than data_len ${dataLength}`,
    });
  }
  return {
    version,
    byteOrder: littleEndian ? "little" : "big",
    wasRunning: field("wasRunning") !== 0,
    format: formatOf(reader, version, field("format"), start),
    xml: {
      offset: dataOffset,
      length: cookieOffset === 0 ? dataLength : cookieOffset,
    },
    ...cookieOffset === 0 ? {} : {
      cookie: {
        offset: dataOffset + cookieOffset,
        length: dataLength - cookieOffset,
      },
    },
    streamOffset,
  };
}

function formatOf(
  reader: StreamReader,
  version: number,
  number: number,
  start: number,
): LibvirtFormat {
  // Version 1 predates the formats.
  const format = FORMATS[version === 1 ? 0 : number];
  if (format !== undefined) return format;
  throw reader.unsupportedError("libvirt-format", {
    feature: `libvirt image format ${number}`,
    offset: start + LIBVIRT_HEADER_FIELDS.format,
    found: `the image format ${number}`,
    expected: `0 to ${FORMATS.length - 1}`,
  });
}

/** Returns the text of an XML or a cookie, up to its NUL if it has one. */
export function libvirtText(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  return new TextDecoder().decode(end < 0 ? bytes : bytes.subarray(0, end));
}

function textOf(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes);
}
