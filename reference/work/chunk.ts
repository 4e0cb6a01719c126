import { PageBitmap } from "../../format/bitmap/mod.ts";
import type { ByteRange } from "../../format/bytes/mod.ts";

/**
 * Best number of bytes to read, scan, and write at a time: they stay in the
 * processor's cache between these steps, and the cost of the calls is small.
 */
export const CHUNK = 0x40000;

/** Same as {@linkcode CHUNK}, for high-latency sources read concurrently. */
export const PARALLEL_CHUNK = 0x400000;

/** Bytes that are worked on in chunks; the last one may be shorter. */
interface Chunked {
  readonly byteLength: number;
  readonly chunkLength: number;
}

/**
 * Returns a bitmap of the chunks of `byteLength` bytes that the ranges touch.
 * Parts past the end are ignored.
 */
export function chunksTouched(
  ranges: Iterable<ByteRange>,
  { byteLength, chunkLength }: Chunked,
): PageBitmap {
  const count = Math.ceil(byteLength / chunkLength);
  const chunks = new PageBitmap(count);
  for (const { offset, length } of ranges) {
    const end = Math.min(count, Math.ceil((offset + length) / chunkLength));
    for (let it = Math.floor(offset / chunkLength); it < end; it++) {
      chunks.set(it);
    }
  }
  return chunks;
}

/** Returns the number of bytes of the chunks whose bits are set. */
export function chunkBytes(
  chunks: PageBitmap,
  { byteLength, chunkLength }: Chunked,
): number {
  const last = chunks.pageCount - 1;
  const missing = last >= 0 && chunks.isSet(last)
    ? chunks.pageCount * chunkLength - byteLength
    : 0;
  return chunks.count() * chunkLength - missing;
}
