/**
 * The lazy reader: a snapshot, its RAMBlocks and their pages.
 *
 * @module
 */

export type { BitmapOrderEvidence } from "./bitmap_order_evidence.ts";
export { bitmapOrderEvidence } from "./bitmap_order_evidence.ts";
export type { OpenOptions } from "./open_snapshot.ts";
export { openSnapshot, openSnapshotSync } from "./open_snapshot.ts";
export type { RunOptions } from "./ram_block.ts";
export { RAMBlock } from "./ram_block.ts";
export { Snapshot, SyncSnapshot } from "./snapshot.ts";
export { SyncRAMBlock } from "./sync_ram_block.ts";
export type { VerifyOptions, VerifyReport } from "./verify_snapshot.ts";
export { verifySnapshot } from "./verify_snapshot.ts";
