import {
  type PageBitmap,
  pageOffset,
  type PageRun,
} from "../../format/bitmap/mod.ts";
import type { ByteRange } from "../../format/bytes/mod.ts";
import { PageBuffer } from "../pages/mod.ts";
import type { RAMBlock } from "../reading/mod.ts";
import type { ByteSource, ReadOptions } from "../sources/mod.ts";
import { CHUNK, Pace } from "../work/mod.ts";

/** Options of finding stale pages. */
export interface StaleOptions extends ReadOptions {
  /**
   * The parts of the file that are not holes, in order, if known; only these
   * are read.
   */
  readonly dataRanges?: readonly ByteRange[] | undefined;
}

/**
 * Yields the pages of a block whose bit is clear although the file holds
 * nonzero bytes in their place, in order.
 *
 * They were stored, and became zero while the guest was being saved. A program
 * that maps the file would see their old contents (`clear-bit-zero`).
 */
export async function findStalePages(
  source: ByteSource,
  block: RAMBlock,
  options: StaleOptions = {},
): Promise<PageRun[]> {
  const wholeFile = [{ offset: 0, length: source.byteLength }];
  const { dataRanges = wholeFile, signal } = options;
  const scan = new StaleScan(source, block, options);
  const pace = new Pace(signal);
  // In memory: a walk over the runs of the file would take longer than to read.
  const present = await block.presentPages(undefined, { signal });
  for (const clear of clearRuns(present)) {
    for (const run of runsInside(clear, block, dataRanges)) {
      const step = Math.max(1, Math.floor(CHUNK / block.pageSize));
      for (let first = run.first; first < run.end; first += step) {
        await scan.look({ first, end: Math.min(run.end, first + step) });
        await pace.step();
      }
    }
  }
  return scan.stale;
}

class StaleScan {
  readonly stale: PageRun[] = [];
  readonly #source: ByteSource;
  readonly #block: RAMBlock;
  readonly #options: ReadOptions;
  readonly #buffer: PageBuffer;

  constructor(source: ByteSource, block: RAMBlock, options: ReadOptions) {
    this.#source = source;
    this.#block = block;
    this.#options = options;
    this.#buffer = new PageBuffer(Math.max(CHUNK, block.pageSize));
  }

  async look({ first, end }: PageRun): Promise<void> {
    const { pageSize } = this.#block;
    const bytes = this.#buffer.bytes.subarray(0, (end - first) * pageSize);
    const offset = pageOffset(this.#block, first);
    await this.#source.readInto(bytes, offset, this.#options);
    const nonZero = this.#buffer.nonZeroPages(pageSize, end - first);
    for (const run of nonZero.runs()) {
      this.stale.push({ first: first + run.first, end: first + run.end });
    }
  }
}

/** Yields the runs of pages that the file does not store. */
function* clearRuns(present: PageBitmap): Generator<PageRun> {
  let first = present.nextClear(0);
  while (first < present.pageCount) {
    const end = present.nextSet(first);
    yield { first, end };
    first = present.nextClear(end);
  }
}

/** Yields the pages of a run that overlap one of the ranges. */
function* runsInside(
  run: PageRun,
  block: RAMBlock,
  ranges: readonly ByteRange[],
): Generator<PageRun> {
  const { pagesOffset, pageSize } = block;
  const start = pageOffset(block, run.first);
  let { first } = run;
  for (let at = firstEndingAfter(ranges, start); at < ranges.length; at++) {
    const { offset = 0, length = 0 } = ranges[at] ?? {};
    const from = Math.floor((offset - pagesOffset) / pageSize);
    const to = Math.ceil((offset + length - pagesOffset) / pageSize);
    if (from >= run.end) return;
    first = Math.max(first, from);
    const end = Math.min(run.end, to);
    if (first < end) yield { first, end };
    // The next range may start in the page in which this one ends.
    first = Math.max(first, end);
  }
}

/** Returns the index of the first range that ends after `offset`. */
function firstEndingAfter(
  ranges: readonly ByteRange[],
  offset: number,
): number {
  let low = 0;
  let high = ranges.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const { offset: start = 0, length = 0 } = ranges[middle] ?? {};
    if (start + length > offset) high = middle;
    else low = middle + 1;
  }
  return low;
}
