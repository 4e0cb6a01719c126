/**
 * Bitmaps of pages, and where pages are in the file.
 *
 * @module
 */

export {
  type BitmapOrder,
  DEFAULT_BITMAP_ORDER,
  toLsb0,
} from "./bitmap_order.ts";
export { BitmapPieces, type UniformRun } from "./bitmap_pieces.ts";
export {
  alignUp,
  bitmapByteLength,
  blockRange,
  pageCountOf,
  pageOffset,
  type PagePlace,
  pageRunRange,
  pagesOffsetAfter,
} from "./layout.ts";
export { PageBitmap } from "./page_bitmap.ts";
export type { BlockRun, PageRun } from "./page_run.ts";
export { readBlockRange } from "./page_walk.ts";
