/**
 * All arithmetic of pages and bitmaps.
 *
 * @module
 */

import type { ByteRange } from "../bytes/byte_range.ts";
import { MAPPED_RAM_FILE_OFFSET_ALIGNMENT } from "../stream/constants.ts";
import type { PageRun } from "./page_run.ts";

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

/** What it takes to find the pages of a RAMBlock. */
export interface PagePlace {
  /** Size of a page in bytes. */
  readonly pageSize: number;
  /** Position of page 0 in the file. */
  readonly pagesOffset: number;
}

/** Position in the file of page `pageIndex` (SPEC 5.3). */
export function pageOffset(
  place: PagePlace,
  pageIndex: number,
): number {
  return place.pagesOffset + pageIndex * place.pageSize;
}

/** The range of a RAMBlock's memory that a run of pages is. */
export function blockRange(pageSize: number, run: PageRun): ByteRange {
  const { first, end } = run;
  return { offset: first * pageSize, length: (end - first) * pageSize };
}

/** The range of the file that holds a run of pages. */
export function pageRunRange(
  place: PagePlace,
  run: PageRun,
): ByteRange {
  const { offset, length } = blockRange(place.pageSize, run);
  return { offset: place.pagesOffset + offset, length };
}

/** Where a writer puts the pages of a RAMBlock whose bitmap ends at `bitmapEnd`. */
export function pagesOffsetAfter(bitmapEnd: number): number {
  return alignUp(bitmapEnd, MAPPED_RAM_FILE_OFFSET_ALIGNMENT);
}

/** Sizes that ROMs and ACPI tables commonly have. */
const COMMON_LENGTHS = [
  0x1000,
  0x4000,
  0x8000,
  0x10000,
  0x20000,
  0x40000,
  0x80000,
];
/** How many small RAMBlocks in a row are guessed at. */
const GUESSED_BLOCKS = 8;

/**
 * Where the entries behind the one at `entryOffset` may stand, in order. Most
 * RAMBlocks of a machine are small and of few sizes, and each has its pages at
 * the next MiB: the next entry is then one of a few places in each MiB. A reader
 * for whom requests are dear asks for them all at once.
 */
export function guessEntryOffsets(entryOffset: number): number[] {
  const guesses: number[] = [];
  let pagesOffset = entryOffset;
  for (let block = 0; block < GUESSED_BLOCKS; block++) {
    pagesOffset = pagesOffsetAfter(pagesOffset + 1);
    for (const length of COMMON_LENGTHS) guesses.push(pagesOffset + length);
  }
  return guesses;
}
