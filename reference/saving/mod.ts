/**
 * Writing snapshots: at once, page by page, of a running guest, and again.
 *
 * @module
 */

export type { Progress } from "../work/progress.ts";
export { PageBuffer } from "../pages/zero_page.ts";
export { checkCapabilities } from "./capability_rules.ts";
export { DirtyPages } from "./dirty_pages.ts";
export type { LiveRound, LiveRule } from "./live_rounds.ts";
export type { PageTarget } from "./ram_block_writer.ts";
export { RAMBlockWriter } from "./ram_block_writer.ts";
export type { RepairOptions, RepairSummary } from "./repair_snapshot.ts";
export { repairSnapshot, saveRepaired } from "./repair_snapshot.ts";
export type { RewriteFinishOptions } from "./rewrite_snapshot.ts";
export { rewriteSnapshot, SnapshotRewriter } from "./rewrite_snapshot.ts";
export type {
  LiveOptions,
  LiveRAMBlockInput,
  LiveSummary,
} from "./save_live.ts";
export { saveLive } from "./save_live.ts";
export type {
  RAMBlockInput,
  SaveOptions,
  SaveSummary,
} from "./save_snapshot.ts";
export { importImages, saveSnapshot } from "./save_snapshot.ts";
export type { CreateOptions } from "./snapshot_writer.ts";
export { createSnapshot, SnapshotWriter } from "./snapshot_writer.ts";
export type { StreamFrame } from "./stream_frame.ts";
