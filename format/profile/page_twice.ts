import type { ProfileBlock, ProfileRun } from "./working_set_profile.ts";

/**
 * A page that two runs have, and the index of the second of them. Pages are not
 * looked at one by one: a run may have any number.
 */
export function findPageTwice(
  blocks: readonly ProfileBlock[],
  runs: readonly ProfileRun[],
): { readonly page: number; readonly index: number } | undefined {
  // All pages of all blocks under one number each, so that numbers can be sorted.
  const bases = new Map<string, number>();
  let pages = 0;
  for (const { idstr, usedLength, pageSize } of blocks) {
    bases.set(idstr, pages);
    pages += usedLength / pageSize;
  }
  const base = (run: ProfileRun) => bases.get(run.idstr) ?? 0;
  const starts = Float64Array.from(runs, (run) => base(run) + run.first).sort();
  const ends = Float64Array.from(runs, (run) => base(run) + run.end).sort();
  const at = starts.findIndex((start, index) =>
    index > 0 && start < ends[index - 1]
  );
  if (at < 0) return undefined;
  const twice = starts[at];
  const holds = (run: ProfileRun) =>
    base(run) + run.first <= twice && twice < base(run) + run.end;
  const before = runs.findIndex(holds);
  const index = runs.findIndex((run, index) => index > before && holds(run));
  return { page: twice - base(runs[index]), index };
}
