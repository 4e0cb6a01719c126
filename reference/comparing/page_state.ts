import type { PageRun } from "../../format/bitmap/mod.ts";

/** What is known of a page in two snapshots. */
export const PAGE_STATE = {
  /** The memory is the same, or nothing is known yet and nothing to be read. */
  same: 0,
  /** Zero in the first, and not in the second. */
  appeared: 1,
  /** Zero in the second, and not in the first. */
  vanished: 2,
  /** Not zero in either, and different. */
  changed: 3,
  /** Zero in both, but one of the files holds it. */
  zeroStored: 4,
  /** Bits of a page to be read: it is in the first file, in the second. */
  inA: 0x10,
  inB: 0x20,
} as const;

/** The pages to be read in both. */
export const IN_BOTH = PAGE_STATE.inA | PAGE_STATE.inB;

/** A run of pages in one state. */
export interface StateRun extends PageRun {
  readonly state: number;
}

/** Yields the runs of pages of one state, except those that are the same. */
export function* stateRuns(states: Uint8Array): Generator<StateRun> {
  const { length } = states;
  for (let first = 0; first < length;) {
    const state = states[first];
    let end = first + 1;
    while (end < length && states[end] === state) end++;
    if (state !== PAGE_STATE.same) yield { first, end, state };
    first = end;
  }
}

/** Yields the runs of pages to be read that have a bit. */
export function* runsToRead(
  states: Uint8Array,
  bit: number,
): Generator<PageRun> {
  const { length } = states;
  for (let first = 0; first < length;) {
    let end = first;
    while (end < length && (states[end] & bit) !== 0) end++;
    if (end > first) yield { first, end };
    first = end + 1;
  }
}
