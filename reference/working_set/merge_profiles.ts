import type { BlockRun } from "../../format/bitmap/mod.ts";
import type {
  ProfileBlock,
  WorkingSetProfile,
} from "../../format/profile/mod.ts";
import { PROFILE_RUNS_MAX } from "../../format/stream/mod.ts";

/** Consecutive pages that are contained in the same recordings. */
interface Segment extends BlockRun {
  /** Number of recordings that contain them. */
  readonly recordings: number;
  /** Mean position of the first page in those recordings. */
  readonly rank: number;
}

/** The start or end of a run. */
interface Edge {
  readonly page: number;
  /** 1 at a start, -1 at an end. */
  readonly sign: 1 | -1;
  /**
   * Rank of the run's first page in its recording, minus the index of that
   * page.
   */
  readonly shift: number;
}

/**
 * Merges several profiles of the same snapshot. Pages contained in more of them
 * come first, and among those the pages requested earlier on average. Pages
 * that are adjacent in all recordings stay together. The order of `profiles`
 * does not matter.
 *
 * @throws {RangeError} if there are none, or they are of different snapshots
 *
 * @example
 * ```ts
 * import { mergeProfiles } from "../doors/qemu.ts";
 * import assert from "node:assert/strict";
 *
 * const snapshot = "5e".repeat(32);
 * const blocks = [{ idstr: "ram", usedLength: 0x10000, pageSize: 4096 }];
 * const [a, b, c] = [3, 5, 9].map((first) => (
 *   { idstr: "ram", first, end: first + 1 }
 * ));
 * const { runs } = mergeProfiles([
 *   { snapshot, blocks, runs: [a, b] },
 *   { snapshot, blocks, runs: [c, b] },
 * ]);
 * assert.deepEqual(runs, [b, a, c]);
 * ```
 */
export function mergeProfiles(
  profiles: readonly WorkingSetProfile[],
): WorkingSetProfile {
  const [first] = profiles;
  if (first === undefined) {
    throw new RangeError("Cannot merge profiles: found none, expected one");
  }
  for (const profile of profiles) checkSame(first, profile);
  checkDigests(profiles);
  const edges = edgesByBlock(profiles);
  const segments = first.blocks.flatMap(({ idstr }) =>
    segmentsOf(idstr, edges.get(idstr) ?? [])
  );
  // The sort is stable: equal ones stay in the order of blocks and pages.
  segments.sort((a, b) => b.recordings - a.recordings || a.rank - b.rank);
  const { snapshot, blocks } = first;
  const digest = profiles.find((it) => it.digest !== undefined)?.digest;
  return {
    snapshot,
    ...digest === undefined ? {} : { digest },
    blocks,
    runs: joinRuns(segments),
  };
}

function checkSame(one: WorkingSetProfile, other: WorkingSetProfile): void {
  if (one.snapshot !== other.snapshot) {
    throw new RangeError(
      "Cannot merge profiles of different snapshots: found " +
        `${other.snapshot}, expected ${one.snapshot}`,
    );
  }
  const at = differingBlock(one.blocks, other.blocks);
  if (at === undefined) return;
  throw new RangeError(
    `Cannot merge profiles: they differ in RAMBlock ${at} of snapshot ` +
      one.snapshot,
  );
}

/** Refuses profiles of files with different digests; not all need have one. */
function checkDigests(profiles: readonly WorkingSetProfile[]): void {
  const found = new Set(profiles.flatMap(({ digest = [] }) => digest));
  if (found.size < 2) return;
  throw new RangeError(
    "Cannot merge profiles of different files: found the digests " +
      `${[...found].join(", ")}, expected one`,
  );
}

/** Returns the index of the first block in which two lists differ. */
export function differingBlock(
  one: readonly ProfileBlock[],
  other: readonly ProfileBlock[],
): number | undefined {
  const length = Math.max(one.length, other.length);
  for (let index = 0; index < length; index++) {
    const [a, b] = [one[index], other[index]];
    if (
      a?.idstr !== b?.idstr || a?.usedLength !== b?.usedLength ||
      a?.pageSize !== b?.pageSize
    ) return index;
  }
  return undefined;
}

function edgesByBlock(
  profiles: readonly WorkingSetProfile[],
): Map<string, Edge[]> {
  const byBlock = new Map<string, Edge[]>();
  for (const { runs } of profiles) {
    let rank = 0;
    for (const { idstr, first, end } of runs) {
      const edges = byBlock.get(idstr) ?? [];
      const shift = rank - first;
      edges.push({ page: first, sign: 1, shift });
      edges.push({ page: end, sign: -1, shift });
      byBlock.set(idstr, edges);
      rank += end - first;
    }
  }
  return byBlock;
}

/** Splits the pages of a block at all edges into segments. */
function segmentsOf(idstr: string, edges: Edge[]): Segment[] {
  edges.sort((a, b) => a.page - b.page);
  const segments: Segment[] = [];
  let recordings = 0;
  let shifts = 0;
  let first = 0;
  for (const { page, sign, shift } of edges) {
    if (recordings > 0 && page > first) {
      const rank = shifts / recordings + first;
      segments.push({ idstr, first, end: page, recordings, rank });
    }
    recordings += sign;
    shifts += sign * shift;
    first = page;
  }
  return segments;
}

/** Joins runs as far as possible, up to the maximum number in a profile. */
function joinRuns(segments: readonly Segment[]): BlockRun[] {
  const runs: { idstr: string; first: number; end: number }[] = [];
  for (const { idstr, first, end } of segments) {
    const last = runs.at(-1);
    if (last?.idstr === idstr && last.end === first) last.end = end;
    else if (runs.length === PROFILE_RUNS_MAX) break;
    else runs.push({ idstr, first, end });
  }
  return runs;
}
