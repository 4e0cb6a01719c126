import type { NativeBuffers } from "../linux/mod.ts";
import type { BlockRun } from "../migration/mod.ts";
import type { SourceError } from "../sources/mod.ts";
import type { ReadBudget } from "./read_budget.ts";

/** How a process is served. */
export interface PagerOptions {
  /** Bytes around a fault that are put in place with it. */
  readonly faultAround: number;
  /** Whether pages are loaded that nobody has asked for. */
  readonly background: boolean;
  /** Which of those come first: a working set. */
  readonly loadFirst?: readonly BlockRun[] | undefined;
  /** Where buffers come from. */
  readonly buffers: NativeBuffers;
  /** What may be read at once for faults, shared by all processes. */
  readonly demandReads: ReadBudget;
  /** The same for pages that nobody has asked for. */
  readonly backgroundReads: ReadBudget;
  /** Milliseconds after which a page that cannot be had is a failure. */
  readonly retryFor: number;
  /** Is told of each read that failed and is tried again. */
  readonly onRetry?: ((error: SourceError) => void) | undefined;
  /** Is told of each fault, in pages of the RAMBlock. */
  readonly onFault?:
    | ((fault: { readonly idstr: string; readonly page: number }) => void)
    | undefined;
  /** Is told when all that is not zero is in place. */
  readonly onLoaded?: (() => void) | undefined;
}
