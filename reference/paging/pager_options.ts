import type { NativeBuffers } from "../linux/mod.ts";
import type { BlockRun } from "../../format/bitmap/mod.ts";
import type { SourceError } from "../sources/mod.ts";
import type { ReadBudget } from "./read_budget.ts";

/** Options of serving a process. */
export interface PagerOptions {
  /** Bytes that one fault puts in place. */
  readonly faultAround: number;
  /**
   * Whether a fault puts the faulting page in place before those around it.
   * Default: false.
   */
  readonly pageFirst?: boolean | undefined;
  /** Whether to load pages that were not touched. */
  readonly background: boolean;
  /** A working set: pages that the background loads first. */
  readonly loadFirst?: readonly BlockRun[] | undefined;
  /** Pool of buffers. */
  readonly buffers: NativeBuffers;
  /** Limits of concurrent reads for faults, shared by all processes. */
  readonly demandReads: ReadBudget;
  /** Limits of concurrent reads of the background, shared by all processes. */
  readonly backgroundReads: ReadBudget;
  /** Milliseconds of failing reads after which a page counts as failed. */
  readonly retryFor: number;
  /** Called for each failed read that will be retried. */
  readonly onRetry?: ((error: SourceError) => void) | undefined;
  /** Called for each fault; `page` is a page of the RAMBlock. */
  readonly onFault?:
    | ((fault: { readonly idstr: string; readonly page: number }) => void)
    | undefined;
  /** Called when all nonzero pages are in place. */
  readonly onLoaded?: (() => void) | undefined;
}
