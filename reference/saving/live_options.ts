import type { PageBitmap } from "../../format/bitmap/mod.ts";
import type {
  RAMBlockInput,
  SaveOptions,
  SaveSummary,
} from "./save_options.ts";

/** One round of a live save. */
export interface LiveRound {
  /** Its number, from 1 on. */
  readonly number: number;
  /** Pages looked at. */
  readonly pages: number;
  /** Milliseconds that it took. */
  readonly milliseconds: number;
  /** Bytes of RAM a second that it went at. */
  readonly bytesPerSecond: number;
  /** Bytes of RAM that were written to meanwhile. */
  readonly dirtyBytes: number;
  /** Bytes of RAM a second that are written to. */
  readonly dirtyBytesPerSecond: number;
  /** Whether the guest was stopped: the last round. */
  readonly stopped: boolean;
}

/** What decides when the guest is stopped. */
export interface LiveRule {
  /**
   * Milliseconds that the guest may be stopped for the last round, by estimate.
   * Default: 300, as QEMU's `downtime-limit`.
   */
  readonly downtimeLimit?: number | undefined;
  /**
   * Bytes a second to count on in the last round. Default: what the round before
   * reached, as with QEMU, whose `avail-switchover-bandwidth` this is.
   */
  readonly bandwidth?: number | undefined;
  /**
   * Rounds after which the guest is stopped even so. Default: none, a guest that
   * writes faster than can be saved is saved for ever, in a file that does not
   * grow.
   */
  readonly maxRounds?: number | undefined;
}

/** RAM that is written to while it is saved. */
export interface LiveRAMBlockInput extends RAMBlockInput {
  /**
   * The pages written to since the last call, which count as clean from then on;
   * {@linkcode DirtyPages.take} is one.
   */
  readonly takeDirty: () => PageBitmap | Promise<PageBitmap>;
}

/** How to save a running guest. */
export interface LiveOptions extends Omit<SaveOptions, "resume">, LiveRule {
  /** Stops the guest: when it resolves, nothing writes to the RAM any more. */
  readonly stop: () => void | Promise<void>;
  /** Is told of each round. */
  readonly onRound?: ((round: LiveRound) => void) | undefined;
}

/** What was saved of a running guest. */
export interface LiveSummary extends SaveSummary {
  /** Every round; the last one was made while the guest stood. */
  readonly rounds: readonly LiveRound[];
  /** Milliseconds from before `stop` to the end of the last round. */
  readonly downtime: number;
}
