import type { PageBitmap, PageRun } from "../../format/bitmap/mod.ts";
import type { RAMBlock } from "../reading/mod.ts";
import type { ReadOptions } from "../sources/mod.ts";
import { commonParts } from "./common_parts.ts";
import type { ContentLayer } from "./content_layers.ts";
import {
  type FindExtents,
  ownedParts,
  type Sharing,
} from "./content_owners.ts";
import { IN_BOTH, PAGE_STATE } from "./page_state.ts";

/** Two RAMBlocks to compare, with the files that their bytes come from. */
export interface BlockPair {
  readonly a: RAMBlock;
  readonly b: RAMBlock;
  readonly layersA: readonly ContentLayer[];
  readonly layersB: readonly ContentLayer[];
}

/** Number of pages that need not be read, by the reason. */
export type SharedPages = Record<Sharing, number>;

/**
 * Sets the states of a window of pages: which of them are to be read. Pages that
 * both files hold in the same place are not.
 */
export async function planWindow(
  pair: BlockPair,
  window: PageRun,
  { states, presentA, presentB, findExtents, signal }: ReadOptions & {
    readonly states: Uint8Array;
    /** The pages that each of the files holds. */
    readonly presentA: PageBitmap;
    readonly presentB: PageBitmap;
    readonly findExtents: FindExtents;
  },
): Promise<SharedPages> {
  const { a, b, layersA, layersB } = pair;
  states.fill(PAGE_STATE.same);
  for (const { first, end } of presentIn(presentA, window)) {
    states.fill(PAGE_STATE.inA, first, end);
  }
  let first = states.length;
  let end = 0;
  for (const run of presentIn(presentB, window)) {
    for (let page = run.first; page < run.end; page++) {
      states[page] |= PAGE_STATE.inB;
      if (states[page] !== IN_BOTH) continue;
      first = Math.min(first, page);
      end = page + 1;
    }
  }
  const shared: SharedPages = { image: 0, extents: 0, zero: 0 };
  if (first >= end) return shared;
  const { pageSize } = a;
  const keys = new Set(layersB.map((it) => it.key));
  const common = new Set(
    layersA.flatMap(({ key }) => keys.has(key) ? [key] : []),
  );
  const options = { common, findExtents, signal };
  const rangeIn = ({ pagesOffset }: RAMBlock) => ({
    offset: pagesOffset + (window.first + first) * pageSize,
    length: (end - first) * pageSize,
  });
  const partsA = await ownedParts(layersA, rangeIn(a), options);
  const partsB = await ownedParts(layersB, rangeIn(b), options);
  /** The parts so far without a gap, and the pages before the next to mark. */
  const run = { start: 0, end: 0 };
  let marked = 0;
  for (const { offset, length, sharing } of commonParts(partsA, partsB)) {
    if (offset !== run.end) run.start = offset;
    run.end = offset + length;
    const whole = Math.floor(run.end / pageSize);
    marked = Math.max(marked, Math.ceil(run.start / pageSize));
    for (; marked < whole; marked++) {
      const page = first + marked;
      if (states[page] !== IN_BOTH) continue;
      states[page] = PAGE_STATE.same;
      shared[sharing]++;
    }
  }
  return shared;
}

/** Yields the runs of a window that a file holds, from the window's start. */
function* presentIn(
  present: PageBitmap,
  window: PageRun,
): Generator<PageRun> {
  const last = Math.min(window.end, present.pageCount);
  for (const { first, end } of present.runs(window.first, last)) {
    yield { first: first - window.first, end: end - window.first };
  }
}
