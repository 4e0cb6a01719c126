import type { DiffSummary, SnapshotDifference } from "../../comparing/mod.ts";

/** Shows how snapshots differ. */
export interface DiffOutput {
  /** Shows a difference. */
  show(difference: SnapshotDifference, signal: AbortSignal): Promise<void>;
  /** Shows the summary, with the names of the snapshots. */
  finish(a: string, b: string, summary: DiffSummary): Promise<void>;
}

/** Numbers of all RAMBlocks together. */
export interface DiffTotals {
  /** Pages that differ, and their bytes. */
  readonly pages: number;
  readonly bytes: number;
  /** Bytes of pages that were known to be the same, of one file. */
  readonly sharedBytes: number;
  /** Bytes of pages that were read, of both files. */
  readonly readBytes: number;
}

/** Returns the sums over all RAMBlocks. */
export function totalsOf({ blocks }: DiffSummary): DiffTotals {
  let [pages, bytes, sharedBytes, readBytes] = [0, 0, 0, 0];
  for (const it of blocks) {
    const differing = it.appeared + it.vanished + it.changed;
    pages += differing;
    bytes += differing * it.pageSize;
    const shared = it.sharedInImage + it.sharedInExtents + it.sharedZeros;
    sharedBytes += shared * it.pageSize;
    readBytes += it.readBytes;
  }
  return { pages, bytes, sharedBytes, readBytes };
}
