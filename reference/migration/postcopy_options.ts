import type { ByteChannel } from "../sockets/mod.ts";
import type { SourceError } from "../sources/mod.ts";
import type { BlockRun } from "./push_batches.ts";

/** How to play the source of a postcopy migration. */
export interface PostcopyOptions {
  /** Stops it: QEMU is left without the pages that it does not have yet. */
  readonly signal?: AbortSignal | undefined;
  /** The channel of its own for requested pages, if the destination has it. */
  readonly preempt?: ByteChannel | undefined;
  /** Bytes of a host page at the destination. Default: 4096. */
  readonly hostPageSize?: number | undefined;
  /** The same for RAMBlocks in huge pages, by idstr. */
  readonly hugePageSizes?: Readonly<Record<string, number>> | undefined;
  /**
   * Whether pages are sent that nobody asks for: from a source far away those
   * around the last one asked for first. Default: true.
   */
  readonly push?: boolean | undefined;
  /** Bytes a second of those, at most. Default: no limit. */
  readonly maxBandwidth?: number | undefined;
  /** Which of those come first, in this order: a working set. */
  readonly pushFirst?: Iterable<BlockRun> | undefined;
  /** Whether block dirty bitmaps are sent too. Default: true. */
  readonly dirtyBitmaps?: boolean | undefined;
  /** Milliseconds for which a read that fails is tried again. Default: 60,000. */
  readonly retryFor?: number | undefined;
  /** Is told of each such failure; the guest waits meanwhile. */
  readonly onRetry?: ((error: SourceError) => void) | undefined;
  /** Is told when the destination has its device state and lets the guest run. */
  readonly onLoaded?: (() => void) | undefined;
  /** Is told of each request, its pages in target pages, before it is answered. */
  readonly onRequest?: ((run: BlockRun) => void) | undefined;
}
