import type { BlockRun } from "../bitmap/page_run.ts";
import type { ProfileBlock } from "./working_set_profile.ts";

/**
 * Finds a page that is in two runs; returns it and the index of the second run.
 * It does not look at each page: a run may have any number of them.
 */
export function findPageTwice(
  blocks: readonly ProfileBlock[],
  runs: readonly BlockRun[],
): { readonly page: number; readonly index: number } | undefined {
  // All pages of all blocks get one number each, so that runs can be sorted.
  const bases = new Map<string, number>();
  let pages = 0;
  for (const { idstr, usedLength, pageSize } of blocks) {
    bases.set(idstr, pages);
    pages += usedLength / pageSize;
  }
  const base = (run: BlockRun) => bases.get(run.idstr) ?? 0;
  const starts = Float64Array.from(runs, (run) => base(run) + run.first).sort();
  const ends = Float64Array.from(runs, (run) => base(run) + run.end).sort();
  const at = starts.findIndex((start, index) =>
    index > 0 && start < ends[index - 1]
  );
  if (at < 0) return undefined;
  const page = starts[at];
  const holds = (run: BlockRun) =>
    base(run) + run.first <= page && page < base(run) + run.end;
  const before = runs.findIndex(holds);
  const index = runs.findIndex((run, index) => index > before && holds(run));
  return { page: page - base(runs[index]), index };
}
