/**
 * Threads that share a task, and the files that they open again.
 *
 * @module
 */

export {
  BackingFiles,
  type OpenedFile,
  type OpenedSource,
  type ReadBacking,
} from "./backing_files.ts";
export { DIRECT_ALIGNMENT } from "./direct_file.ts";
export { laneCount } from "./lane_count.ts";
export { LanePool } from "./lane_pool.ts";
export { serveLanes } from "./serve_lanes.ts";
export {
  isStopped,
  LANE_CONTROL,
  type SharedTask,
  stopLanes,
  takenItems,
} from "./shared_task.ts";
export { isSparse, SparseFile } from "./sparse_file.ts";
