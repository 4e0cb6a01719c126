import { PageBitmap } from "../../format/bitmap/mod.ts";
import type { ByteRange } from "../../format/bytes/mod.ts";

/**
 * The chunks of `byteLength` bytes that ranges touch, a bit each. What is past
 * the end is left out.
 */
export function chunksTouched(
  ranges: Iterable<ByteRange>,
  { byteLength, chunkLength }: {
    readonly byteLength: number;
    readonly chunkLength: number;
  },
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
