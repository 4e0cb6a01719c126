import type { Backing, BackingFile } from "../sources/mod.ts";

/**
 * What the lanes of a parallel copy are given, all of them the same. It crosses
 * to other threads: plain values and shared memory only.
 */
export interface LaneTask {
  /** Size of a page in bytes, of all blocks. */
  readonly pageSize: number;
  /** Bytes of a block that a lane takes at a time, a multiple of 8 pages. */
  readonly chunkLength: number;
  /** Whether to go around the page cache. */
  readonly directIo: boolean;
  /** The blocks that are copied. */
  readonly blocks: readonly LaneBlock[];
  /**
   * The chunks to copy, in order. Chunks are counted through all blocks, and
   * those of each begin at its `firstChunk`.
   */
  readonly chunks: Uint32Array;
  /** What the lanes tell each other: see {@linkcode CONTROL}. */
  readonly control: Int32Array;
}

/** One block to copy, or to save. */
export interface LaneBlock {
  /** Bytes of RAM in the block. */
  readonly usedLength: number;
  /** Number of its first chunk. */
  readonly firstChunk: number;
  /** Where its bytes are read, and where the first of them stands. */
  readonly from: Backing;
  readonly fromOffset: number;
  /** Bytes that can be read from there on; the rest of the block is zero. */
  readonly fromLength: number;
  /** Whether most of what is read there is holes. */
  readonly isSparse?: boolean | undefined;
  /** Where they are written, and where the first of them goes. */
  readonly to: BackingFile;
  readonly toOffset: number;
  /** The pages to copy, LSB 0. Default: all. */
  readonly wanted: Uint8Array | undefined;
  /**
   * Bits to set for the pages written, and to clear for zero pages, which are
   * then not written. Without them pages are copied whatever they hold.
   */
  readonly present: Int32Array | undefined;
  /** Whether to write only what is not there already. */
  readonly compare: boolean;
}

/** Places in {@linkcode LaneTask.control}. */
export const CONTROL = {
  /** Index in `chunks` of the next one that nobody took. */
  next: 0,
  /** Not 0: stop before the next chunk. */
  stop: 1,
  /** Chunks done. */
  done: 2,
  /** Pages found to be all zero. */
  zeroPages: 3,
  /** Pages written. */
  writtenPages: 4,
  /** Pages that were there already. */
  keptPages: 5,
  length: 6,
} as const;

/** What a lane answers when it has no more to do. */
export interface LaneAnswer {
  /** What went wrong, if anything did. */
  readonly failure?: LaneFailure;
}

/** A `SourceError` on its way from another thread. */
export interface LaneFailure {
  readonly source: string;
  readonly message: string;
  readonly range:
    | { readonly offset: number; readonly length: number }
    | undefined;
}
