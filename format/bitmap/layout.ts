/**
 * Arithmetic of pages and bitmaps.
 *
 * @module
 */

import type { ByteRange } from "../bytes/byte_range.ts";
import { MAPPED_RAM_FILE_OFFSET_ALIGNMENT } from "../stream/constants.ts";
import type { PageRun } from "./page_run.ts";

/** Rounds `value` up to a multiple of `alignment`. */
export function alignUp(value: number, alignment: number): number {
  return Math.ceil(value / alignment) * alignment;
}

/** Returns the number of whole pages in `usedLength` bytes of RAM. */
export function pageCountOf(usedLength: number, pageSize: number): number {
  return Math.floor(usedLength / pageSize);
}

/**
 * Returns the size of the bitmap of `pageCount` pages, in whole words (SPEC
 * 5.1).
 */
export function bitmapByteLength(pageCount: number, wordSize = 8): number {
  return Math.ceil(pageCount / (wordSize * 8)) * wordSize;
}

/** The values that locate the pages of a RAMBlock. */
export interface PagePlace {
  /** Size of a page in bytes. */
  readonly pageSize: number;
  /** Position of page 0 in the file. */
  readonly pagesOffset: number;
}

/** Returns the position in the file of page `pageIndex` (SPEC 5.3). */
export function pageOffset(
  place: PagePlace,
  pageIndex: number,
): number {
  return place.pagesOffset + pageIndex * place.pageSize;
}

/** Returns the range of a RAMBlock's memory that a run of pages covers. */
export function blockRange(pageSize: number, run: PageRun): ByteRange {
  const { first, end } = run;
  return { offset: first * pageSize, length: (end - first) * pageSize };
}

/** Returns the range of the file that holds a run of pages. */
export function pageRunRange(
  place: PagePlace,
  run: PageRun,
): ByteRange {
  const { length } = blockRange(place.pageSize, run);
  return { offset: pageOffset(place, run.first), length };
}

/**
 * Returns where a writer puts the pages of a RAMBlock whose bitmap ends there.
 */
export function pagesOffsetAfter(bitmapEnd: number): number {
  return alignUp(bitmapEnd, MAPPED_RAM_FILE_OFFSET_ALIGNMENT);
}

/** Common sizes of ROMs and ACPI tables. */
const COMMON_LENGTHS = [
  0x1000,
  0x4000,
  0x8000,
  0x10000,
  0x20000,
  0x40000,
  0x80000,
];
/** How many consecutive small RAMBlocks are guessed. */
const GUESSED_BLOCKS = 8;

/**
 * Guesses where the entries after the one at `entryOffset` may be, in order.
 * Most RAMBlocks of a machine are small and have one of a few sizes, and the
 * pages of each start at the next MiB, so the next entry is at one of a few
 * places in each MiB. A reader for which requests are expensive asks for all of
 * them at once.
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
