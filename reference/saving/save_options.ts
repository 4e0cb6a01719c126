import type { ByteRange } from "../../format/bytes/mod.ts";
import type { ByteSource, ReadOptions } from "../sources/mod.ts";
import type { Progress } from "../work/mod.ts";
import type { CreateOptions } from "./snapshot_writer.ts";

/** RAM to be saved. */
export interface RAMBlockInput {
  /** QEMU's name of the block: `pc.ram`. */
  readonly idstr: string;
  /** The memory. It may be shorter than `usedLength`: the rest is zero. */
  readonly source: ByteSource;
  /** Bytes of RAM, a multiple of the page size. Default: the source's size. */
  readonly usedLength?: number | undefined;
  /**
   * Where the source may hold something, in order; the rest is zero, and is not
   * read. Default: all of it.
   */
  readonly dataRanges?: Iterable<ByteRange> | undefined;
}

/** How to save. */
export interface SaveOptions extends CreateOptions, ReadOptions {
  /**
   * How many threads may work at once, where files of this machine, or shared
   * memory, are saved to one. The bytes are the same whatever the number.
   * Default: 1, the thread of the caller.
   */
  readonly jobs?: number | undefined;
  /** Whether to read and write pages around the page cache. Default: false. */
  readonly directIo?: boolean | undefined;
  /**
   * Whether the sink may hold pages already: those that are the same there are
   * not written again. Default: false.
   */
  readonly resume?: boolean | undefined;
  /** Is told now and then how far the work has come. */
  readonly onProgress?: ((progress: Progress) => void) | undefined;
}

/** What was saved. */
export interface SaveSummary {
  /** With `resume`: how many pages were there already, and the same. */
  readonly keptPages?: number;
  /** Size of the file in bytes, holes included. */
  readonly byteLength: number;
  /** Each RAMBlock with how many of its pages are stored. */
  readonly blocks: readonly {
    readonly idstr: string;
    readonly pageCount: number;
    readonly presentCount: number;
  }[];
}
