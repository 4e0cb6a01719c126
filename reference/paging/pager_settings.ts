import type { BlockRun } from "../migration/mod.ts";
import type { OpenOptions } from "../reading/mod.ts";

/** Options of whatever fills memory from a snapshot as it is touched. */
export interface PagingOptions extends OpenOptions {
  /** idstr of the RAMBlock that is the memory. Default: that of the only one. */
  readonly idstr?: string | undefined;
  /** Bytes around a fault that come with it. Default: 64 KiB. */
  readonly faultAround?: number | undefined;
  /** Whether pages are loaded that nobody has touched. Default: true. */
  readonly background?: boolean | undefined;
  /** Which of those come first, in this order: a working set. */
  readonly loadFirst?: Iterable<BlockRun> | undefined;
  /** Whether to record which pages are touched. Default: false. */
  readonly record?: boolean | undefined;
  /** Milliseconds for which a failing read is retried. Default: 60,000. */
  readonly retryFor?: number | undefined;
}

/** What is to be read, and how. Plain values only, for another thread. */
export interface PagerSettings {
  /** Path or URL of the snapshot, or of a flat image. */
  readonly file: string;
  /** Whether it is a flat image of the memory and no snapshot. */
  readonly flat: boolean;
  /** How to open a snapshot. */
  readonly open: Omit<OpenOptions, "signal">;
  /** As in `PagerOptions`. */
  readonly faultAround: number;
  readonly background: boolean;
  readonly retryFor: number;
  readonly loadFirst: readonly BlockRun[];
  /** Whether to record which pages are asked for. */
  readonly record: boolean;
}

/** The settings for a file, with the defaults of `PagingOptions`. */
export function pagerSettings(
  file: string,
  options: PagingOptions & { readonly flat?: boolean | undefined },
): PagerSettings {
  const { bitmapByteOrder, bitmapWordSize, offset } = options;
  return {
    file,
    flat: options.flat ?? false,
    open: { bitmapByteOrder, bitmapWordSize, offset },
    faultAround: options.faultAround ?? 0x10000,
    background: options.background ?? true,
    retryFor: options.retryFor ?? 60_000,
    loadFirst: [...options.loadFirst ?? []],
    record: options.record ?? false,
  };
}
