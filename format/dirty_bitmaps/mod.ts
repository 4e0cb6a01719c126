/**
 * Dirty bitmaps of block devices, as QEMU migrates them.
 *
 * @module
 */

export {
  type DirtyBitmap,
  type DirtyBitmapOptions,
  readDirtyBitmaps,
} from "./dirty_bitmap_set.ts";
