import {
  PageBitmap,
  type PageRun,
  pageRunRange,
} from "../../format/bitmap/mod.ts";
import type { ByteRange } from "../../format/bytes/mod.ts";
import { dataRanges, punchHole } from "../system/mod.ts";
import type { LocalFile } from "../local/mod.ts";
import type { ReadOptions } from "../sources/mod.ts";
import { Pace } from "../work/mod.ts";
import type { ComparedBlock } from "./compared_block.ts";

/**
 * Makes holes of the places of pages that one of the snapshots does not have:
 * then these are zero, whatever the base has there. Returns the number of bytes
 * that were no holes.
 */
export async function clearPlaces(
  clone: LocalFile,
  blocks: readonly ComparedBlock[],
  { byteLength, signal }: ReadOptions & { readonly byteLength: number },
): Promise<number> {
  const { name } = clone;
  const pace = new Pace(signal);
  const ranges = clone.use((fd) => dataRanges(fd, byteLength)) ??
    [{ offset: 0, length: byteLength }];
  let cleared = 0;
  for (const { block, present, inBase } of blocks) {
    const inBoth = commonPages(present, inBase);
    for (const range of ranges) {
      for (const run of clearRuns(inBoth, pagesIn(block, range))) {
        const { offset, length } = pageRunRange(block, run);
        clone.use((fd) => punchHole(fd, { name, offset, length }));
        cleared += length;
        await pace.step();
      }
    }
  }
  return cleared;
}

/** Returns the bits that are set in both bitmaps. */
function commonPages(one: PageBitmap, other: PageBitmap): PageBitmap {
  const bytes = one.bytes.map((byte, index) => byte & other.bytes[index]);
  return new PageBitmap(one.pageCount, bytes);
}

/** Returns the pages whose places a range of the file touches. */
function pagesIn(
  { pagesOffset, pageSize, pageCount }: ComparedBlock["block"],
  { offset, length }: ByteRange,
): PageRun {
  const start = offset - pagesOffset;
  return {
    first: Math.max(0, Math.floor(start / pageSize)),
    end: Math.min(pageCount, Math.ceil((start + length) / pageSize)),
  };
}

/** Yields the maximal runs of clear bits in a run of pages. */
function* clearRuns(
  pages: PageBitmap,
  { first, end }: PageRun,
): Generator<PageRun> {
  let from = pages.nextClear(first, end);
  while (from < end) {
    const to = pages.nextSet(from, end);
    yield { first: from, end: to };
    from = pages.nextClear(to, end);
  }
}
