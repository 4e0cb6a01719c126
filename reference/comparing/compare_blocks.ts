import { PageBitmap } from "../../format/bitmap/mod.ts";
import type { RAMBlock } from "../reading/mod.ts";
import type { GuestRange } from "../convert/mod.ts";
import type { ReadOptions } from "../sources/mod.ts";
import { Pace, type ProgressReport } from "../work/mod.ts";
import type { FindExtents } from "./content_owners.ts";
import type { BlockDiff, DiffOptions } from "./diff_options.ts";
import { addressedRuns } from "./page_addresses.ts";
import type { PageComparer } from "./page_comparer.ts";
import { PAGE_STATE, stateRuns } from "./page_state.ts";
import { type BlockPair, planWindow } from "./plan_window.ts";
import type { PageChange } from "./snapshot_difference.ts";

/** Bytes of RAM that are planned at a time: the memory used is bounded. */
const WINDOW = 0x40000000;

/** Options of {@linkcode compareBlocks}. */
export interface CompareBlocksOptions
  extends ReadOptions, Pick<DiffOptions, "onDifference"> {
  readonly comparer: PageComparer;
  readonly findExtents: FindExtents;
  /** Guest-physical ranges of the block. */
  readonly ranges: readonly GuestRange[];
  readonly report: ProgressReport;
}

/** Names of the states in which a page differs, and of zero pages. */
const NAMES: Readonly<Record<number, PageChange | "zeroStored">> = {
  [PAGE_STATE.appeared]: "appeared",
  [PAGE_STATE.vanished]: "vanished",
  [PAGE_STATE.changed]: "changed",
  [PAGE_STATE.zeroStored]: "zeroStored",
};

/** Compares the pages of two RAMBlocks, and reports those that differ. */
export async function compareBlocks(
  pair: BlockPair,
  options: CompareBlocksOptions,
): Promise<BlockDiff> {
  const { a, b } = pair;
  const { comparer, findExtents, report, signal, onDifference } = options;
  const { idstr, pageSize } = a;
  const ranges = options.ranges.toSorted((one, other) =>
    one.offset - other.offset
  );
  const pageCount = Math.max(a.pageCount, b.pageCount);
  const compared = pageSize === b.pageSize && !a.ignored && !b.ignored;
  const counts = { appeared: 0, vanished: 0, changed: 0, zeroStored: 0 };
  const shared = { image: 0, extents: 0, zero: 0 };
  let readBytes = 0;
  const pace = new Pace(signal);
  const perWindow = WINDOW / pageSize;
  const buffer = sharedBytes(compared ? Math.min(perWindow, pageCount) : 0);
  const [presentA, presentB] = compared
    ? await Promise.all([a, b].map((it) => presentOf(it, { signal })))
    : [];
  for (let first = 0; compared && first < pageCount; first += perWindow) {
    const end = Math.min(pageCount, first + perWindow);
    const states = buffer.subarray(0, end - first);
    const { done } = report;
    const plan = { states, presentA, presentB, findExtents, signal };
    const found = await planWindow(pair, { first, end }, plan);
    for (const it of ["image", "extents", "zero"] as const) {
      shared[it] += found[it];
    }
    readBytes += await comparer.compare({ a, b, first, states });
    for (const it of [a, b]) it.checkUnchanged?.();
    for (const run of stateRuns(states)) {
      const name = NAMES[run.state];
      counts[name] += run.end - run.first;
      if (name === "zeroStored") continue;
      const inBlock = { first: first + run.first, end: first + run.end };
      for (const part of addressedRuns(inBlock, pageSize, ranges)) {
        await onDifference?.({ kind: "pages", idstr, change: name, ...part });
      }
    }
    report.done = done + (end - first) * pageSize;
    report.tell();
    await pace.step();
  }
  return {
    idstr,
    pageSize,
    compared,
    pageCount,
    ...counts,
    sharedInImage: shared.image,
    sharedInExtents: shared.extents,
    sharedZeros: shared.zero,
    readBytes,
  };
}

/** Returns the pages that a file holds: a bit of memory for each. */
function presentOf(block: RAMBlock, options: ReadOptions): Promise<PageBitmap> {
  return block.presentPages(new PageBitmap(block.pageCount), options);
}

/** Returns memory that lanes share, if the runtime has any. */
function sharedBytes(byteLength: number): Uint8Array {
  return new Uint8Array(
    typeof SharedArrayBuffer === "undefined"
      ? new ArrayBuffer(byteLength)
      : new SharedArrayBuffer(byteLength),
  );
}
