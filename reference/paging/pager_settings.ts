import type { BlockRun } from "../../format/bitmap/mod.ts";
import type { Place } from "../opening/mod.ts";
import type { OpenOptions } from "../reading/mod.ts";

/** Options of filling memory from a snapshot on demand. */
export interface PagingOptions extends OpenOptions {
  /** idstr of the RAMBlock. Default: that of the only one. */
  readonly idstr?: string | undefined;
  /** Bytes that one fault puts in place. Default: 64 KiB. */
  readonly faultAround?: number | undefined;
  /** Whether to load pages that were not touched. Default: true. */
  readonly background?: boolean | undefined;
  /** A working set: pages that the background loads first, in this order. */
  readonly loadFirst?: Iterable<BlockRun> | undefined;
  /** Whether to record which pages are touched. Default: false. */
  readonly record?: boolean | undefined;
  /** Milliseconds for which a failing read is retried. Default: 60,000. */
  readonly retryFor?: number | undefined;
  /**
   * What to check each page against before it is put in place: the digest of
   * the file, or of the file packed in it, and the path or URL of the sidecar.
   * Default: nothing is checked.
   */
  readonly verity?: {
    readonly digest: string;
    readonly tree: string;
  } | undefined;
  /**
   * Where backing files of a qcow2 image may be besides its folder: paths of
   * folders or files, or URLs. Default: nowhere.
   */
  readonly allowBacking?: readonly string[] | undefined;
}

/** What to read, and how. Plain values only, to pass to another thread. */
export interface PagerSettings {
  /** Where the snapshot is, or the flat image. */
  readonly place: Place;
  /** Whether it is a flat image of the memory instead of a snapshot. */
  readonly flat: boolean;
  /** How to open a snapshot. */
  readonly open: Omit<OpenOptions, "signal">;
  /** As in `PagerOptions`. */
  readonly faultAround: number;
  readonly background: boolean;
  readonly retryFor: number;
  readonly loadFirst: readonly BlockRun[];
  /** Whether to record which pages are touched. */
  readonly record: boolean;
}

/** Returns the settings for a file, with the defaults of `PagingOptions`. */
export function pagerSettings(
  file: string,
  options: PagingOptions & { readonly flat?: boolean | undefined },
): PagerSettings {
  const { bitmapByteOrder, bitmapWordSize, offset } = options;
  const { verity, allowBacking, flat = false } = options;
  return {
    // A guest may have written the magic of an image to its memory.
    place: { file, verity, allowBacking, asIs: flat },
    flat,
    open: { bitmapByteOrder, bitmapWordSize, offset },
    faultAround: options.faultAround ?? 0x10000,
    background: options.background ?? true,
    retryFor: options.retryFor ?? 60_000,
    loadFirst: [...options.loadFirst ?? []],
    record: options.record ?? false,
  };
}
