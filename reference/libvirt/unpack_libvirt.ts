import {
  isPacked,
  LIBVIRT_HEADER_FIELDS,
  type LibvirtSaveHeader,
  unpackCommand,
} from "../../format/libvirt/mod.ts";
import { FormatError, UnsupportedError } from "../../format/rules/mod.ts";
import type { ByteSink } from "../sinks/mod.ts";
import type { ByteSource, ReadOptions } from "../sources/mod.ts";
import { CHUNK } from "../work/mod.ts";
import type { Unpacker } from "./unpacker.ts";
import { gzipUnpacker, zstdUnpacker } from "./unpackers.ts";
import { ZstdFrames } from "./zstd_frames.ts";

/**
 * Yields the stream of a libvirt save image from its first byte to its last,
 * unpacking gzip, and zstd if the platform supports it.
 *
 * @throws {UnsupportedError} if it is packed in another way; it names the
 * command that unpacks it
 * @throws {FormatError} if the packed bytes are damaged
 *
 * @example
 * ```ts
 * import { openFileSource } from "../../mod.ts";
 * import {
 *   readLibvirtHeader,
 *   unpackLibvirt,
 * } from "../doors/convert.ts";
 *
 * async function length(path: string): Promise<number> {
 *   using source = openFileSource(path);
 *   const header = await readLibvirtHeader(source);
 *   if (header === undefined) return source.byteLength;
 *   let length = 0;
 *   for await (const bytes of unpackLibvirt(source, header)) {
 *     length += bytes.length;
 *   }
 *   return length;
 * }
 * ```
 */
export async function* unpackLibvirt(
  source: ByteSource,
  header: LibvirtSaveHeader,
  options: ReadOptions = {},
): AsyncGenerator<Uint8Array> {
  if (!isPacked(header)) {
    yield* readOn(source, header.streamOffset, options);
    return;
  }
  const unpack = unpackerOf(source, header);
  /** An error of the source itself, not of the packed bytes. */
  let failure: { readonly error: unknown } | undefined;
  const frames = header.format === "zstd" ? new ZstdFrames() : undefined;
  async function* packed(): AsyncGenerator<Uint8Array> {
    try {
      for await (
        const bytes of readOn(source, header.streamOffset, options)
      ) {
        frames?.take(bytes);
        yield bytes;
      }
    } catch (error) {
      failure = { error };
      throw error;
    }
  }
  let length = 0;
  try {
    for await (const bytes of unpack(packed())) {
      length += bytes.length;
      yield bytes;
    }
    if (frames?.isWhole === false) throw new Error("A frame is cut off");
  } catch (cause) {
    if (failure !== undefined) throw failure.error;
    throw new FormatError(source.name, {
      rule: "libvirt-format",
      offset: header.streamOffset,
      found: `bytes that ${header.format} cannot unpack after ${length}`,
      expected: "a complete packed stream",
    }, { cause });
  }
}

/** Result of unpacking. */
export interface UnpackSummary {
  /** Bytes of the stream. */
  readonly byteLength: number;
}

/**
 * Unpacks the stream of a libvirt save image to a sink, and commits it. The
 * stream then starts at byte 0.
 *
 * @throws {RangeError} if it has more than `maxBytes`
 *
 * @example
 * ```ts
 * import { createFileSink, openFileSource } from "../../mod.ts";
 * import {
 *   readLibvirtHeader,
 *   unpackLibvirtTo,
 * } from "../doors/convert.ts";
 *
 * async function unpack(from: string, to: string): Promise<void> {
 *   using source = openFileSource(from);
 *   const header = await readLibvirtHeader(source);
 *   if (header) await unpackLibvirtTo(createFileSink(to), source, { header });
 * }
 * ```
 */
export async function unpackLibvirtTo(
  sink: ByteSink,
  source: ByteSource,
  options: ReadOptions & {
    readonly header: LibvirtSaveHeader;
    readonly maxBytes?: number | undefined;
  },
): Promise<UnpackSummary> {
  const { header, maxBytes = Number.MAX_SAFE_INTEGER, signal } = options;
  let byteLength = 0;
  try {
    for await (const bytes of unpackLibvirt(source, header, { signal })) {
      if (byteLength + bytes.length > maxBytes) {
        throw new RangeError(
          `Cannot unpack ${JSON.stringify(source.name)}: its stream has more ` +
            `than ${maxBytes} bytes`,
        );
      }
      await sink.write(bytes, byteLength);
      byteLength += bytes.length;
    }
    await sink.commit();
  } catch (error) {
    await sink.abort().catch(() => {});
    throw error;
  }
  return { byteLength };
}

async function* readOn(
  source: ByteSource,
  start: number,
  options: ReadOptions,
): AsyncGenerator<Uint8Array> {
  for (let offset = start; offset < source.byteLength; offset += CHUNK) {
    const length = Math.min(CHUNK, source.byteLength - offset);
    const bytes = new Uint8Array(length);
    await source.readInto(bytes, offset, options);
    yield bytes;
  }
  source.checkUnchanged?.();
}

function unpackerOf(source: ByteSource, header: LibvirtSaveHeader): Unpacker {
  const { format } = header;
  const unpacker = format === "gzip"
    ? gzipUnpacker()
    : format === "zstd"
    ? zstdUnpacker()
    : undefined;
  if (unpacker !== undefined) return unpacker;
  throw cannotUnpack(source, header);
}

function cannotUnpack(
  source: ByteSource,
  header: LibvirtSaveHeader,
): UnsupportedError {
  const { format } = header;
  return new UnsupportedError(source.name, {
    rule: "libvirt-format",
    feature: `libvirt image format ${format}`,
    offset: LIBVIRT_HEADER_FIELDS.format,
    found: `a stream packed by ${format}`,
    expected: (zstdUnpacker() === undefined ? "gzip" : "gzip or zstd") +
      `: unpack it first: ${unpackCommand(header, source.name)}`,
  });
}
