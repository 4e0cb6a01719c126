/**
 * Features that call the C library of Linux: memory filled on demand through
 * userfaultfd, the page-fault handler for Firecracker, snapshots that share
 * blocks on the disk, holes in files and read-ahead of files.
 * Import `mapped-ram` for reading and saving.
 *
 * @module
 */

export {
  type CheckpointOptions,
  checkpointSnapshot,
  type CheckpointSummary,
  CloneError,
} from "../checkpoint/mod.ts";
export {
  PageServer,
  PageServerMetrics,
  type PageServerOptions,
} from "../firecracker/mod.ts";
export {
  isListening,
  measureVerity,
  type SharedExtent,
  sharedExtents,
  SharedMapping,
} from "../linux/mod.ts";
export {
  canPunchHoles,
  dataRanges,
  ERRNO,
  type ErrnoName,
  punchHole,
  SystemCallError,
  tryLock,
  willNeed,
} from "../system/mod.ts";
export {
  PagedMemory,
  type PagedMemoryOptions,
  type PagerEvent,
  type PagerStatistics,
  type PagingOptions,
} from "../paging/mod.ts";
