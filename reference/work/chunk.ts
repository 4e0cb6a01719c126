import { PageBitmap } from "../../format/bitmap/mod.ts";
import type { ByteRange } from "../../format/bytes/mod.ts";

/**
 * Bytes that are best read, looked at and written at a time: they stay in the
 * processor's cache from one step to the next, and the calls cost little.
 */
export const CHUNK = 0x40000;

/** The same where each read makes one wait, and several are under way at once. */
export const PARALLEL_CHUNK = 0x400000;

/** Bytes that are worked on in chunks; the last one may be shorter. */
interface Chunked {
  readonly byteLength: number;
  readonly chunkLength: number;
}

/**
 * The chunks of `byteLength` bytes that ranges touch, a bit each. What is past
 * the end is left out.
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
