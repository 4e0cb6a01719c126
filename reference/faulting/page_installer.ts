import type { PageRun } from "../../format/bitmap/mod.ts";
import type { RunOptions } from "../reading/mod.ts";
import type { ReadOptions } from "../sources/mod.ts";

/** A range of a byte array, described without creating a view of it. */
export interface ByteSpan {
  /** The array. */
  readonly bytes: Uint8Array;
  /** Index of the first byte of the range. */
  readonly start: number;
  /** Length of the range in bytes. */
  readonly length: number;
}

/**
 * Memory with missing pages, and the means to put them in place. Offsets and
 * lengths are bytes of that memory, in whole pages.
 *
 * A call returns how many bytes from `offset` on are settled: put in place now,
 * or found in place already. If that is less than was passed, the memory is
 * being changed and the rest can be retried afterwards. Threads that wait for
 * a settled page are woken.
 */
export interface PageInstaller {
  /** Length of the memory in bytes. */
  readonly byteLength: number;
  /** Bytes of a host page: a page of this memory. */
  readonly pageSize: number;
  /**
   * Returns a buffer to pass to `copy`; the installer allocates it so that the
   * copy is fast. The caller owns it until `release`.
   */
  allocate(byteLength: number): Uint8Array;
  /** Takes back a buffer that `allocate` returned. */
  release(bytes: Uint8Array): void;
  /**
   * Puts bytes in place that lie in a buffer of `allocate` or of `viewSync`.
   */
  copy(offset: number, span: ByteSpan): number;
  /** Puts zeros in place. */
  zeropage(offset: number, length: number): number;
  /** Wakes threads that wait for these pages, so that they retry the access. */
  wake(offset: number, length: number): void;
}

/** The source of the pages: a RAMBlock, or a part of one. */
export interface PostcopyMemory {
  /** Name used in errors. */
  readonly name: string;
  /** Length in bytes. */
  readonly byteLength: number;
  /** Bytes of a target page: a page of this source. */
  readonly pageSize: number;
  /** Recommended number of concurrent reads. Default: 1. */
  readonly parallelReads?: number | undefined;
  /** Yields the runs of pages that are not zero, in order. */
  presentRuns(options?: RunOptions): AsyncIterable<PageRun>;
  /**
   * Fills `target` with the bytes from `offset` on. As with `ByteSource`, the
   * caller leaves `target` alone until the promise settles.
   */
  readInto(
    target: Uint8Array,
    offset: number,
    options?: ReadOptions,
  ): Promise<void>;
}

/** A `PostcopyMemory` that can also be read synchronously. */
export interface SyncPostcopyMemory extends PostcopyMemory {
  /** Synchronous `presentRuns`. */
  presentRunsSync(options?: Omit<RunOptions, "signal">): Iterable<PageRun>;
  /** Synchronous `readInto`. */
  readIntoSync(target: Uint8Array, offset: number): void;
  /**
   * Whether a page is not zero. Optional; makes faults of a single page cheaper
   * to serve.
   */
  hasPageSync?(pageIndex: number): boolean;
  /**
   * Returns a view of a range for the installer to copy from without a read;
   * that copy may fail. The contents of zero pages are unspecified. Returns
   * undefined if the range has to be read.
   */
  viewSync?(offset: number, length: number): ByteSpan | undefined;
}
