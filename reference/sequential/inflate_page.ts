import { FormatError } from "../../format/rules/mod.ts";

/** A compressed page and its position, for errors. */
export interface CompressedPage {
  /** One zlib stream. */
  readonly data: Uint8Array;
  /** Position in the file. */
  readonly offset: number;
  readonly idstr: string;
  readonly fileName: string;
}

/**
 * Unpacks a page compressed by zlib into `target`, which it must fill exactly.
 * Stops soon after the output exceeds it.
 */
export async function inflatePage(
  page: CompressedPage,
  target: Uint8Array,
): Promise<void> {
  const stream = new DecompressionStream("deflate");
  const writer = stream.writable.getWriter();
  const written = (async () => {
    await writer.write(page.data.slice());
    await writer.close();
  })();
  // Errors of the writer are reported by the reader as well.
  written.catch(() => {});
  const reader = stream.readable.getReader();
  let length = 0;
  try {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) break;
      if (length + value.length > target.length) {
        await reader.cancel().catch(() => {});
        throw unfit(page, target, "more bytes than that");
      }
      target.set(value, length);
      length += value.length;
    }
  } catch (error) {
    if (error instanceof FormatError) throw error;
    throw unfit(page, target, "an invalid zlib stream", error);
  }
  if (length !== target.length) throw unfit(page, target, `${length} bytes`);
  // Node 20 ignores bytes after the stream, whose last four are this checksum.
  const { buffer, byteOffset, byteLength } = page.data;
  const end = new DataView(buffer, byteOffset, byteLength);
  if (end.getUint32(byteLength - 4) !== adler32(target)) {
    throw unfit(page, target, "bytes after the zlib stream");
  }
}

/** Bytes whose sums fit into 32 bits (RFC 1950, 9). */
const ADLER_BYTES = 5552;
const ADLER_BASE = 65521;

function adler32(bytes: Uint8Array): number {
  let [low, high] = [1, 0];
  for (let at = 0; at < bytes.length;) {
    const end = Math.min(bytes.length, at + ADLER_BYTES);
    for (; at < end; at++) {
      low += bytes[at];
      high += low;
    }
    low %= ADLER_BASE;
    high %= ADLER_BASE;
  }
  return high * 0x10000 + low;
}

function unfit(
  { fileName, offset, idstr }: CompressedPage,
  target: Uint8Array,
  found: string,
  cause?: unknown,
): FormatError {
  return new FormatError(fileName, {
    rule: "record-compressed",
    offset,
    idstr,
    found: `a compressed page with ${found} in it`,
    expected: `${target.length} bytes`,
  }, { cause });
}
