import type { BlockRun } from "../../format/bitmap/mod.ts";
import type { ByteChannel } from "../sockets/mod.ts";
import type { SourceError } from "../sources/mod.ts";

/** Options of a postcopy source. */
export interface PostcopyOptions {
  /** Stops the source: QEMU never gets the pages that it does not have yet. */
  readonly signal?: AbortSignal | undefined;
  /** Separate channel for requested pages, if the destination has one. */
  readonly preempt?: ByteChannel | undefined;
  /** Bytes of a host page at the destination. Default: 4096. */
  readonly hostPageSize?: number | undefined;
  /** The same for RAMBlocks in huge pages, by idstr. */
  readonly hugePageSizes?: Readonly<Record<string, number>> | undefined;
  /**
   * Whether pages are also sent without a request; from a remote source, those
   * around the last requested page come first. Default: true.
   */
  readonly push?: boolean | undefined;
  /** Maximum bytes per second of such pages. Default: no limit. */
  readonly maxBandwidth?: number | undefined;
  /** Which of those pages come first, in this order: a working set. */
  readonly pushFirst?: Iterable<BlockRun> | undefined;
  /** Whether block dirty bitmaps are sent. Default: true. */
  readonly dirtyBitmaps?: boolean | undefined;
  /** Milliseconds for which a failing read is retried. Default: 60,000. */
  readonly retryFor?: number | undefined;
  /** Called for each such failure; the guest waits meanwhile. */
  readonly onRetry?: ((error: SourceError) => void) | undefined;
  /**
   * Called when the destination has loaded its device state and runs the guest.
   */
  readonly onLoaded?: (() => void) | undefined;
  /** Called with each request, in target pages, before it is answered. */
  readonly onRequest?: ((run: BlockRun) => void) | undefined;
}
