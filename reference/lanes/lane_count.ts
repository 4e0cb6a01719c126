/** Minimum bytes of work per lane that make starting it worthwhile. */
const LANE_WORTH = 0x4000000;

/** Returns how many lanes to use for `byteLength` bytes. */
export function laneCount(byteLength: number, jobs: number): number {
  return Math.max(1, Math.min(jobs, Math.floor(byteLength / LANE_WORTH)));
}
