import type { PageBitmap } from "../../format/bitmap/mod.ts";
import type {
  RAMBlockInput,
  SaveOptions,
  SaveSummary,
} from "./save_options.ts";

/** One round of a live save. */
export interface LiveRound {
  /** Number of the round, from 1 on. */
  readonly number: number;
  /** Pages saved, zero pages included. */
  readonly pages: number;
  /** Duration in milliseconds. */
  readonly milliseconds: number;
  /** Bytes of RAM saved per second. */
  readonly bytesPerSecond: number;
  /** Bytes of RAM that the guest wrote to during the round. */
  readonly dirtyBytes: number;
  /** Bytes of RAM per second that the guest wrote to. */
  readonly dirtyBytesPerSecond: number;
  /** Whether the guest was stopped, as in the last round. */
  readonly stopped: boolean;
}

/** Options that decide when to stop the guest. */
export interface LiveRule {
  /**
   * Estimated milliseconds for which the guest may be stopped for the last
   * round. Default: 300, as QEMU's `downtime-limit`.
   */
  readonly downtimeLimit?: number | undefined;
  /**
   * Expected bytes per second in the last round, as QEMU's
   * `avail-switchover-bandwidth`. Default: the rate of the previous round.
   */
  readonly bandwidth?: number | undefined;
  /**
   * Maximum rounds before the guest is stopped in any case. Default: no limit;
   * a guest that writes faster than it is saved is saved forever, in a file
   * that does not grow.
   */
  readonly maxRounds?: number | undefined;
}

/** A RAMBlock that the guest writes to while it is saved. */
export interface LiveRAMBlockInput extends RAMBlockInput {
  /**
   * Returns the pages written to since the last call, and marks them clean, as
   * {@linkcode DirtyPages.take} does.
   */
  readonly takeDirty: () => PageBitmap | Promise<PageBitmap>;
}

/** Options of `saveLive`. */
export interface LiveOptions extends Omit<SaveOptions, "resume">, LiveRule {
  /** Stops the guest. Once it resolves, nothing may write to the RAM. */
  readonly stop: () => void | Promise<void>;
  /** Called after each round. */
  readonly onRound?: ((round: LiveRound) => void) | undefined;
}

/** The result of `saveLive`. */
export interface LiveSummary extends SaveSummary {
  /** All rounds; the guest was stopped during the last one. */
  readonly rounds: readonly LiveRound[];
  /** Milliseconds from before `stop` to the end of the last round. */
  readonly downtime: number;
}
