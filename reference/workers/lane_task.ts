import type { Backing, BackingFile } from "../sources/mod.ts";
import { LANE_CONTROL, type SharedTask } from "../lanes/mod.ts";

/**
 * The task of a parallel copy, the same for all lanes. It is passed to other
 * threads, so it holds plain values and shared memory only.
 */
export interface LaneTask extends SharedTask {
  /** Bytes of a page, the same for all blocks. */
  readonly pageSize: number;
  /** Bytes of a chunk, which a lane copies at a time; a multiple of 8 pages. */
  readonly chunkLength: number;
  /** Whether to bypass the page cache. */
  readonly directIo: boolean;
  /** The blocks to copy. */
  readonly blocks: readonly LaneBlock[];
  /**
   * The chunks to copy, in order. They are numbered across all blocks; those of
   * a block begin at its `firstChunk`.
   */
  readonly chunks: Uint32Array;
  /** Shared counters of the lanes: see {@linkcode CONTROL}. */
  readonly control: Int32Array;
}

/** One block to copy, or to save. */
export interface LaneBlock {
  /** Bytes of RAM in the block. */
  readonly usedLength: number;
  /** Number of its first chunk. */
  readonly firstChunk: number;
  /** The file or memory to read from. */
  readonly from: Backing;
  /** Offset of the first byte of the block in `from`. */
  readonly fromOffset: number;
  /** Bytes to read from there on; the rest of the block is zero. */
  readonly fromLength: number;
  /** Whether `from` consists mostly of holes. */
  readonly isSparse?: boolean | undefined;
  /** The file to write to. */
  readonly to: BackingFile;
  /** Offset of the first byte of the block in `to`. */
  readonly toOffset: number;
  /** The pages to copy, LSB 0. Default: all. */
  readonly wanted: Uint8Array | undefined;
  /**
   * Bitmap in which to set the bits of written pages and to clear those of zero
   * pages, which are then not written. If undefined, all pages are written.
   */
  readonly present: Int32Array | undefined;
  /** What `to` holds; pages that are in it are not written. Default: nothing. */
  readonly existing?: ExistingPages | undefined;
  /** Runs of pages to leave to the caller. Default: none. */
  readonly left?: LeftRuns | undefined;
}

/** Long runs of pages that would be written, but are only noted. */
export interface LeftRuns {
  /** Pages of the shortest of them. */
  readonly pageCountMin: number;
  /** Bitmap in which to set their bits. */
  readonly pages: Int32Array;
}

/** The pages that a file holds. */
export interface ExistingPages {
  /** A file with the same bytes at the same offsets, or the file itself. */
  readonly file: BackingFile;
  /** The pages in it, LSB 0; the others are zero. Default: all. */
  readonly present?: Uint8Array | undefined;
}

/** Indexes into {@linkcode LaneTask.control}. */
export const CONTROL = {
  ...LANE_CONTROL,
  /** Chunks done. */
  done: 2,
  /** Pages found to be all zero. */
  zeroPages: 3,
  /** Pages written. */
  writtenPages: 4,
  /** Pages that were in the file already. */
  keptPages: 5,
  length: 6,
} as const;
