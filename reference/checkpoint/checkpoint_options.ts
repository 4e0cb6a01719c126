import type { Snapshot } from "../reading/mod.ts";
import type { ReadOptions } from "../sources/mod.ts";
import type { Progress } from "../work/mod.ts";

/** Options of {@linkcode checkpointSnapshot}. */
export interface CheckpointOptions extends ReadOptions {
  /**
   * An earlier snapshot of the same machine, in a file on the file system of the
   * new one.
   */
  readonly base: Snapshot;
  /**
   * Maximum threads that compare local files. The file does not depend on it.
   * Default: 1, the thread of the caller.
   */
  readonly jobs?: number | undefined;
  /** Called from time to time with the progress. */
  readonly onProgress?: ((progress: Progress) => void) | undefined;
}

/** The result of {@linkcode checkpointSnapshot}. */
export interface CheckpointSummary {
  /** Length of the file in bytes, holes included. */
  readonly byteLength: number;
  /** Number of pages of the snapshot that are present. */
  readonly presentPages: number;
  /** Number of those that differ from the base, and were written. */
  readonly changedPages: number;
  /** Bytes written: these pages, and what differs of the rest of the file. */
  readonly writtenLength: number;
  /** Bytes of the base that became holes, for pages that are not present. */
  readonly clearedLength: number;
}
