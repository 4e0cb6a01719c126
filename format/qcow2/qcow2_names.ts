/**
 * What follows the fields of a header in its cluster: extensions, and the name
 * of the backing file.
 *
 * @module
 */

import { ByteReader } from "../bytes/mod.ts";
import { hex } from "../rules/mod.ts";

/** Types of extensions. */
const END = 0;
export const BACKING_FORMAT = 0xe2792aca;
const ENCRYPTION = 0x0537be77;
/** Bytes of the type and the length of an extension. */
const HEAD = 8;
/** Maximum bytes of the name of a backing file and of a format, as in QEMU. */
export const BACKING_NAME_MAX = 1023;
const FORMAT_MAX = 15;

/** The file that holds what an image does not. */
export interface Qcow2Backing {
  /** Its name as written: a path relative to the image, or a URL. */
  readonly name: string;
  /** Its format as written: `raw`, `qcow2`; undefined if none is. */
  readonly format: string | undefined;
  /** Position of the name in the image. */
  readonly offset: number;
}

/** Where the names are. */
export interface NamesPlace {
  /** Position and length of the name of the backing file; 0: there is none. */
  readonly offset: number;
  readonly length: number;
  /** Where the extensions start. */
  readonly start: number;
  /** End of the first cluster, or of the file. */
  readonly end: number;
}

/**
 * Reads the extensions and the name of the backing file from the first bytes of
 * an image; returns undefined if more of them are needed, up to `end`.
 *
 * @throws {FormatError} if an extension or the name breaks a rule
 */
export function readNames(
  fileName: string,
  bytes: Uint8Array,
  place: NamesPlace,
): { readonly backing: Qcow2Backing | undefined } | undefined {
  const { offset, length, start, end } = place;
  const reader = new ByteReader(fileName, bytes);
  const hasName = offset > 0;
  const isInside = offset >= start && length <= BACKING_NAME_MAX &&
    offset + length <= end;
  if (hasName && !isInside) {
    throw reader.formatError("qcow2-backing-name", {
      offset: 8,
      found: `a name of ${length} bytes at ${hex(offset)}`,
      expected: `at most ${BACKING_NAME_MAX} bytes, from ${hex(start)} to ` +
        hex(end),
    });
  }
  const format = readFormat(reader, bytes, {
    start,
    // Short of the end of a file there is no room for another extension.
    end: hasName ? offset : end - end % HEAD,
  });
  if (format === undefined) return undefined;
  if (!hasName) return { backing: undefined };
  if (offset + length > bytes.length) return undefined;
  const name = readName(reader, bytes.subarray(offset, offset + length), {
    offset,
  });
  return { backing: { name, format: format.name, offset } };
}

/**
 * Reads the extensions; returns the format of the backing file if one of them
 * names it, and undefined if the bytes end before the extensions do.
 */
function readFormat(
  reader: ByteReader,
  bytes: Uint8Array,
  { start, end }: { readonly start: number; readonly end: number },
): { readonly name: string | undefined } | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let name: string | undefined;
  for (let at = start; at < end;) {
    const room = end - at - HEAD;
    if (room >= 0 && at + HEAD > bytes.length) return undefined;
    const type = room < 0 ? END : view.getUint32(at);
    const length = room < 0 ? 0 : view.getUint32(at + 4);
    if (length > room) {
      throw reader.formatError("qcow2-extension", {
        offset: at,
        found: room < 0
          ? `${end - at} bytes for an extension`
          : `an extension of ${length} bytes`,
        expected: room < 0
          ? `at least ${HEAD}`
          : `at most ${room}, up to ${hex(end)}`,
      });
    }
    if (type === END) break;
    if (type === ENCRYPTION) {
      throw reader.formatError("qcow2-extension", {
        offset: at,
        found: "the extension of an encrypted image",
        expected: "none if crypt_method is 0",
      });
    }
    const from = at + HEAD;
    if (type === BACKING_FORMAT) {
      if (from + length > bytes.length) return undefined;
      name = formatName(reader, bytes.subarray(from, from + length), at);
    }
    at = from + Math.ceil(length / 8) * 8;
  }
  return { name };
}

function formatName(
  reader: ByteReader,
  bytes: Uint8Array,
  offset: number,
): string {
  if (bytes.length <= FORMAT_MAX) return new TextDecoder().decode(bytes);
  throw reader.formatError("qcow2-extension", {
    offset,
    found: `the name of a format of ${bytes.length} bytes`,
    expected: `at most ${FORMAT_MAX}`,
  });
}

function readName(
  reader: ByteReader,
  bytes: Uint8Array,
  { offset }: { readonly offset: number },
): string {
  try {
    const name = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })
      .decode(bytes);
    if (!name.includes("\0") && name !== "") return name;
  } catch {
    // Not UTF-8.
  }
  throw reader.formatError("qcow2-backing-name", {
    offset,
    found: "a name that is empty, not UTF-8, or has a NUL",
    expected: "a path or a URL",
  });
}
