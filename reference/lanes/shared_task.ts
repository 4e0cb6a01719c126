/**
 * A task that lanes work on together: each takes the next item until none is
 * left. It is passed to other threads, so it holds plain values and shared
 * memory only.
 */
export interface SharedTask {
  /**
   * Shared counters of the lanes, zero at first: see
   * {@linkcode LANE_CONTROL}.
   */
  readonly control: Int32Array;
}

/** Indexes into {@linkcode SharedTask.control} that every task has. */
export const LANE_CONTROL = {
  /** Number of the next item to take. */
  next: 0,
  /** Nonzero to stop before the next item. */
  stop: 1,
} as const;

/** Yields the numbers of items that this lane takes, until the lanes stop. */
export function* takenItems(
  control: Int32Array,
  itemCount: number,
): Generator<number> {
  while (!isStopped(control)) {
    const item = Atomics.add(control, LANE_CONTROL.next, 1);
    if (item >= itemCount) return;
    yield item;
  }
}

/** Makes all lanes stop before their next item. */
export function stopLanes(control: Int32Array): void {
  Atomics.store(control, LANE_CONTROL.stop, 1);
}

/** Whether the lanes are to stop. */
export function isStopped(control: Int32Array): boolean {
  return Atomics.load(control, LANE_CONTROL.stop) !== 0;
}

/** The answer of a lane that has finished. */
export interface LaneAnswer {
  /** The error, if the lane failed. */
  readonly failure?: LaneFailure;
}

/** A `SourceError` in the form that can be passed between threads. */
export interface LaneFailure {
  readonly source: string;
  readonly message: string;
  readonly range:
    | { readonly offset: number; readonly length: number }
    | undefined;
  readonly changed?: boolean;
}
