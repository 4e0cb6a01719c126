/**
 * Writing snapshots: at once, page by page, of a running guest, and again.
 *
 * @module
 */

export { type BlockShare, SharedBlockWriter } from "./block_share.ts";
export { DirtyPages } from "./dirty_pages.ts";
export type { LiveRound, LiveRule } from "./live_rounds.ts";
export { type PageTarget, RAMBlockWriter } from "./ram_block_writer.ts";
export {
  type RepairOptions,
  repairSnapshot,
  type RepairSummary,
  saveRepaired,
} from "./repair_snapshot.ts";
export {
  type RewriteFinishOptions,
  rewriteSnapshot,
  SnapshotRewriter,
} from "./rewrite_snapshot.ts";
export {
  type LiveOptions,
  type LiveRAMBlockInput,
  type LiveSummary,
  saveLive,
} from "./save_live.ts";
export type {
  RAMBlockInput,
  SaveOptions,
  SaveSummary,
} from "./save_options.ts";
export { importImages, saveSnapshot } from "./save_snapshot.ts";
export { summaryOf } from "./save_blocks.ts";
export {
  type CreateOptions,
  createSnapshot,
  SnapshotWriter,
} from "./snapshot_writer.ts";
export { refuseIgnored, type StreamFrame } from "./stream_frame.ts";
