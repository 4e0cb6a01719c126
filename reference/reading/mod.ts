/**
 * The lazy reader: a snapshot, its RAMBlocks, and their pages.
 *
 * @module
 */

export type { RunOptions } from "./block_pages.ts";
export { findBlock, findOnlyBlock } from "./find_block.ts";
export {
  bitmapOrderOf,
  indexOptionsOf,
  type OpenOptions,
  openSnapshot,
  openSnapshotSync,
} from "./open_snapshot.ts";
export { absentBytes, presentBytes, presentRanges } from "./present_ranges.ts";
export { prefetch, type PrefetchOptions } from "./prefetch.ts";
export { RAMBlock } from "./ram_block.ts";
export { makeSnapshot, Snapshot, SyncSnapshot } from "./snapshot.ts";
export { SyncRAMBlock } from "./sync_ram_block.ts";
export {
  type VerifyOptions,
  type VerifyReport,
  verifySnapshot,
} from "./verify_snapshot.ts";
