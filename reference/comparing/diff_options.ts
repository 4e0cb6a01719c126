import type { ReadOptions } from "../sources/mod.ts";
import type { Progress } from "../work/mod.ts";
import type { SharedExtents } from "./extent_files.ts";
import type { SnapshotDifference } from "./snapshot_difference.ts";

/** Options of {@linkcode diffSnapshots}. */
export interface DiffOptions extends ReadOptions {
  /**
   * Called with each difference, and awaited: first those of the configuration,
   * then pages in the order of their addresses in each RAMBlock, then those of
   * devices. If it throws, the comparison stops.
   */
  readonly onDifference?:
    | ((difference: SnapshotDifference) => Promise<void> | void)
    | undefined;
  /**
   * Finds the parts of local files that share their bytes with other files, which
   * are not read; on Linux, pass `sharedExtents`. Default: none are found.
   */
  readonly sharedExtents?: SharedExtents | undefined;
  /**
   * Maximum threads that compare local files or shared memory. Default: 1, the
   * thread of the caller.
   */
  readonly jobs?: number | undefined;
  /** Called from time to time with the progress. */
  readonly onProgress?: ((progress: Progress) => void) | undefined;
}

/** The result of comparing two snapshots. */
export interface DiffSummary {
  /**
   * Whether nothing differs; undefined if nothing that could be compared does,
   * but the pages of a RAMBlock could not be.
   */
  readonly same: boolean | undefined;
  /** Number of properties of the machine and of RAMBlocks that differ. */
  readonly configuration: number;
  /** Number of fields, and of whole sections, of device state that differ. */
  readonly devices: number;
  /** The RAMBlocks that both have, in the order of the first. */
  readonly blocks: readonly BlockDiff[];
}

/** The result of comparing a RAMBlock, in pages. */
export interface BlockDiff {
  /** The RAMBlock. */
  readonly idstr: string;
  /** Bytes of a page in the first. */
  readonly pageSize: number;
  /**
   * Whether its pages were compared: not if they are of two sizes, or left out
   * of one of the files by `x-ignore-shared`.
   */
  readonly compared: boolean;
  /** Pages of the longer one. */
  readonly pageCount: number;
  /** Pages that are zero in the first, and not in the second. */
  readonly appeared: number;
  /** Pages that are zero in the second, and not in the first. */
  readonly vanished: number;
  /** Pages that are not zero in either, and differ. */
  readonly changed: number;
  /**
   * Pages that one of the files holds although they are zero, and the other does
   * not: the memory is the same.
   */
  readonly zeroStored: number;
  /** Pages that were not read: both are in one place of an image or a file. */
  readonly sharedInImage: number;
  /** Pages that were not read: both are in one place of a disk. */
  readonly sharedInExtents: number;
  /** Pages that were not read: both are in clusters of zeros of images. */
  readonly sharedZeros: number;
  /** Bytes of pages that were read, of both files together. */
  readonly readBytes: number;
}
