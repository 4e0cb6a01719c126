import type { Progress } from "../../work/mod.ts";

/** The pace of work, without skipped bytes. */
export interface WorkPace {
  /** Completed part of the work, 0 to 1. */
  readonly share: number;
  /** Bytes of RAM read or written per second. */
  readonly bytesPerSecond: number;
  /** Seconds until the end at that rate; undefined if there is no rate yet. */
  readonly secondsLeft: number | undefined;
}

/**
 * Returns the pace of work that has run for that many milliseconds. Holes and
 * absent pages cost nothing, and count neither as done nor as remaining.
 */
export function paceOf(
  { done, total, skipped = 0 }: Progress,
  milliseconds: number,
): WorkPace {
  const worked = done - skipped;
  const work = total - skipped;
  const rate = worked / Math.max(1, milliseconds) * 1000;
  const remaining = total - done;
  return {
    share: work <= 0 ? 1 : Math.max(0, Math.min(1, worked / work)),
    bytesPerSecond: Math.round(rate),
    secondsLeft: remaining <= 0 ? 0 : rate > 0 ? remaining / rate : undefined,
  };
}
