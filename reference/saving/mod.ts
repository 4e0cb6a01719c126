/**
 * Writes snapshots: in one call, page by page, of a running guest, or in place.
 *
 * @module
 */

export { type BlockShare, SharedBlockWriter } from "./block_share.ts";
export { DirtyPages } from "./dirty_pages.ts";
export type {
  LiveOptions,
  LiveRAMBlockInput,
  LiveRound,
  LiveRule,
  LiveSummary,
} from "./live_options.ts";
export { type PageTarget, RAMBlockWriter } from "./ram_block_writer.ts";
export {
  loadBitmap,
  type RewriteFinishOptions,
  rewriteSnapshot,
  SnapshotRewriter,
} from "./rewrite_snapshot.ts";
export { saveBlocks, summaryOf } from "./save_blocks.ts";
export { saveLive } from "./save_live.ts";
export type {
  RAMBlockInput,
  SaveOptions,
  SaveSummary,
} from "./save_options.ts";
export { importImages, saveSnapshot } from "./save_snapshot.ts";
export {
  type CreateOptions,
  createSnapshot,
  createWithFrame,
  SnapshotWriter,
} from "./snapshot_writer.ts";
export { endedFrame, refuseIgnored, type StreamFrame } from "./stream_frame.ts";
