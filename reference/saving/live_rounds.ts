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

/**
 * Whether the guest can be stopped behind a round: when what is left to save fits
 * into the downtime limit at the bandwidth, `dirtyBytes ≤ bandwidth × limit`.
 */
export function isConverged(round: LiveRound, rule: LiveRule): boolean {
  const { downtimeLimit = 300, bandwidth = round.bytesPerSecond } = rule;
  return round.dirtyBytes <= bandwidth * downtimeLimit / 1000;
}
