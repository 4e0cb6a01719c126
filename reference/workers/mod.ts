/**
 * The threads that saving and exporting share: they copy pages.
 *
 * @module
 */

export { copySteps } from "./copy_lane.ts";
export { copyPool } from "./copy_pool.ts";
export { checkDirectPages } from "./direct_pages.ts";
export {
  chunkLengthOf,
  chunksOf,
  type LaneInput,
  laneInput,
  type LanePart,
  laneTask,
} from "./lane_plan.ts";
export { LaneReadAhead } from "./lane_read_ahead.ts";
export {
  CONTROL,
  type ExistingPages,
  type LaneBlock,
  type LaneTask,
} from "./lane_task.ts";
