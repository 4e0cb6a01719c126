import type { Progress } from "../../work/mod.ts";

/** How fast work goes, without what was skipped. */
export interface WorkPace {
  /** Part of the work that is done, 0 to 1. */
  readonly share: number;
  /** Bytes of RAM a second that were read or written. */
  readonly bytesPerSecond: number;
  /** Seconds until all is done at that rate; undefined if nothing is known. */
  readonly secondsLeft: number | undefined;
}

/**
 * How fast work has gone for so many milliseconds. Holes and pages that a file
 * does not hold cost nothing, and count neither as done nor as to be done.
 */
export function paceOf(
  { done, total, skipped = 0 }: Progress,
  milliseconds: number,
): WorkPace {
  const worked = done - skipped;
  const work = total - skipped;
  const rate = worked / Math.max(1, milliseconds) * 1000;
  const left = total - done;
  return {
    share: work <= 0 ? 1 : Math.max(0, Math.min(1, worked / work)),
    bytesPerSecond: Math.round(rate),
    secondsLeft: left <= 0 ? 0 : rate > 0 ? left / rate : undefined,
  };
}
