/**
 * Reading pages (SPEC 5): test one bit, read one place. A page whose bit is
 * clear is zero, whatever the file holds there.
 *
 * @module
 */

import type { Walk } from "../bytes/walk.ts";
import type { BitmapPieces } from "./bitmap_pieces.ts";
import type { PagePlace } from "./layout.ts";

/**
 * Reads `target.length` bytes of a block from `offset` on: one request for each
 * run of present pages, straight into the target; the rest is zeroed.
 */
export function* readBlockRange(
  block: PagePlace & { readonly bitmap: BitmapPieces },
  { target, offset }: { readonly target: Uint8Array; readonly offset: number },
): Walk<void> {
  const { pageSize, pagesOffset, bitmap } = block;
  const end = offset + target.length;
  const endPage = Math.ceil(end / pageSize);
  for (let position = offset; position < end;) {
    const run = yield* bitmap.runAt(Math.floor(position / pageSize), endPage);
    const runEnd = Math.min(end, run.end * pageSize);
    const part = target.subarray(position - offset, runEnd - offset);
    if (run.present) {
      yield {
        offset: pagesOffset + position,
        length: part.length,
        target: part,
      };
    } else {
      part.fill(0);
    }
    position = runEnd;
  }
}
