/**
 * All arithmetic of pages and bitmaps.
 *
 * @module
 */

import { MAPPED_RAM_FILE_OFFSET_ALIGNMENT } from "./constants.ts";

/** The least multiple of `alignment` that is at least `value`. */
export function alignUp(value: number, alignment: number): number {
  return Math.ceil(value / alignment) * alignment;
}

/** How many pages `usedLength` bytes of RAM are. */
export function pageCountOf(usedLength: number, pageSize: number): number {
  return Math.floor(usedLength / pageSize);
}

/** Bytes of the bitmap of `pageCount` pages, in whole words (SPEC 5.1). */
export function bitmapByteLength(pageCount: number, wordSize = 8): number {
  return Math.ceil(pageCount / (wordSize * 8)) * wordSize;
}

/** Position in the file of page `pageIndex` (SPEC 5.3). */
export function pageOffset(
  block: { readonly pagesOffset: number; readonly pageSize: number },
  pageIndex: number,
): number {
  return block.pagesOffset + pageIndex * block.pageSize;
}

/** Where a writer puts the pages of a RAMBlock whose bitmap ends at `bitmapEnd`. */
export function pagesOffsetAfter(bitmapEnd: number): number {
  return alignUp(bitmapEnd, MAPPED_RAM_FILE_OFFSET_ALIGNMENT);
}
