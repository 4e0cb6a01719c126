import type { PageRun } from "../../format/bitmap/mod.ts";
import type { RunOptions } from "../reading/mod.ts";
import type { ReadOptions } from "../sources/mod.ts";

/** Some of an array of bytes: a part of it, without an array of its own. */
export interface ByteSpan {
  /** The array. */
  readonly bytes: Uint8Array;
  /** Where they start in it. */
  readonly start: number;
  /** How many they are. */
  readonly length: number;
}

/**
 * Memory of which some pages are missing, and what puts them in place. Offsets
 * and lengths are bytes of that memory, whole pages of it.
 *
 * A call returns how many bytes are settled, from `offset` on: put in place now,
 * or found to be there. If these are fewer than it was given, the memory is
 * being changed; the rest can be tried again when that is over. Whoever waits
 * for what was settled is woken.
 */
export interface PageInstaller {
  /** Bytes of the memory. */
  readonly byteLength: number;
  /** Bytes of a page of it, a host page. */
  readonly pageSize: number;
  /**
   * A buffer for `copy` to be given, made here so that it can be done fast. It is
   * its taker's until `release`.
   */
  allocate(byteLength: number): Uint8Array;
  /** A buffer that `allocate` gave is not needed any more. */
  release(bytes: Uint8Array): void;
  /** Puts bytes in place that `allocate` gave, or `viewSync`. */
  copy(offset: number, span: ByteSpan): number;
  /** Puts zeros in place. */
  zeropage(offset: number, length: number): number;
  /** Lets whoever waits for these pages look whether they are there. */
  wake(offset: number, length: number): void;
}

/** Where the bytes of pages come from: a RAMBlock, or a part of one. */
export interface PostcopyMemory {
  /** Its name, for errors. */
  readonly name: string;
  /** Bytes of it. */
  readonly byteLength: number;
  /** Bytes of a page of it, a target page. */
  readonly pageSize: number;
  /** How many reads are best under way at once. Default: 1. */
  readonly parallelReads?: number | undefined;
  /** The runs of pages that are not zero, in order. */
  presentRuns(options?: RunOptions): AsyncIterable<PageRun>;
  /**
   * Fills `target` with the bytes from `offset` on. It is the memory's until the
   * promise settles, as that of a `ByteSource`.
   */
  readInto(
    target: Uint8Array,
    offset: number,
    options?: ReadOptions,
  ): Promise<void>;
}

/** The same, without waiting. */
export interface SyncPostcopyMemory extends PostcopyMemory {
  /** As `presentRuns`, at once. */
  presentRunsSync(options?: Omit<RunOptions, "signal">): Iterable<PageRun>;
  /** As `readInto`, at once. */
  readIntoSync(target: Uint8Array, offset: number): void;
  /**
   * Whether a page is not zero, at once. Where it is there, a fault of one page
   * is served with less ado.
   */
  hasPageSync?(pageIndex: number): boolean;
  /**
   * The bytes of a range where they lie, for the installer alone, which may fail
   * to read them; what stands where a page is zero is anything. Undefined where
   * the range is to be read.
   */
  viewSync?(offset: number, length: number): ByteSpan | undefined;
}
