const TURN_MILLISECONDS = 50;

/**
 * For long work made of small synchronous steps: awaited after each step, it
 * lets the event loop turn from time to time, so that signals are handled and a
 * browser can draw.
 */
export class Pace {
  #last = performance.now();
  readonly #signal: AbortSignal | undefined;

  /** Stops the work with the signal's reason once `signal` is aborted. */
  constructor(signal?: AbortSignal) {
    this.#signal = signal;
    signal?.throwIfAborted();
  }

  /** Resolves at once, or after a turn of the event loop if one is due. */
  async step(): Promise<void> {
    const now = performance.now();
    if (now - this.#last < TURN_MILLISECONDS) return;
    this.#last = now;
    await new Promise((resolve) => setTimeout(resolve, 0));
    this.#signal?.throwIfAborted();
  }
}
