/**
 * Copies the pages of one file on several threads.
 *
 * @module
 */

export { DIRECT_ALIGNMENT } from "./direct_file.ts";
export { checkDirectPages } from "./direct_pages.ts";
export {
  chunkLengthOf,
  chunksOf,
  laneCount,
  type LaneInput,
  laneInput,
  type LanePart,
  laneTask,
} from "./lane_plan.ts";
export { LanePool } from "./lane_pool.ts";
export { LaneReadAhead } from "./lane_read_ahead.ts";
export { CONTROL, type LaneBlock, type LaneTask } from "./lane_task.ts";
export { isSparse, SparseFile } from "./sparse_file.ts";
