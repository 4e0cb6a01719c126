/**
 * Works on files on several threads, such as copying the pages of one.
 *
 * @module
 */

export {
  BackingFiles,
  type OpenedFile,
  type OpenedSource,
  type ReadBacking,
} from "./backing_files.ts";
export { copySteps } from "./copy_lane.ts";
export { copyPool } from "./copy_pool.ts";
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
export {
  CONTROL,
  type ExistingPages,
  type LaneBlock,
  type LaneTask,
} from "./lane_task.ts";
export { serveLanes } from "./serve_lanes.ts";
export {
  isStopped,
  LANE_CONTROL,
  type SharedTask,
  stopLanes,
  takenItems,
} from "./shared_task.ts";
export { isSparse, SparseFile } from "./sparse_file.ts";
