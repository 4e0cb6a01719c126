import type { ByteRange } from "../../format/bytes/mod.ts";
import type { ByteSource, ReadOptions } from "../sources/mod.ts";
import type { Progress } from "../work/mod.ts";
import type { CreateOptions } from "./snapshot_writer.ts";

/** A RAMBlock to save. */
export interface RAMBlockInput {
  /** QEMU's name of the block, such as `pc.ram`. */
  readonly idstr: string;
  /** The memory. If it is shorter than `usedLength`, the rest is zero. */
  readonly source: ByteSource;
  /** Bytes of RAM, a multiple of the page size. Default: the source's size. */
  readonly usedLength?: number | undefined;
  /**
   * The parts of the source that may hold data, in order. The rest is zero and
   * is not read. Default: the whole source.
   */
  readonly dataRanges?: Iterable<ByteRange> | undefined;
}

/** Options of `saveSnapshot`. */
export interface SaveOptions extends CreateOptions, ReadOptions {
  /**
   * Maximum threads that save local files or shared memory to a local file. The
   * bytes written do not depend on it. Default: 1, the thread of the caller.
   */
  readonly jobs?: number | undefined;
  /** Whether to bypass the page cache for pages. Default: false. */
  readonly directIo?: boolean | undefined;
  /**
   * Whether the sink may already hold pages; those that are identical are not
   * written again. Default: false.
   */
  readonly resume?: boolean | undefined;
  /** Called from time to time with the progress. */
  readonly onProgress?: ((progress: Progress) => void) | undefined;
}

/** The result of saving. */
export interface SaveSummary {
  /** With `resume`: number of identical pages already in the file. */
  readonly keptPages?: number;
  /** Size of the file in bytes, holes included. */
  readonly byteLength: number;
  /** Each RAMBlock with the number of its stored pages. */
  readonly blocks: readonly {
    readonly idstr: string;
    readonly pageCount: number;
    readonly presentCount: number;
  }[];
}
