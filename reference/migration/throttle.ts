import { sleep } from "../work/mod.ts";

/** Limits work to a number of bytes per second. */
export class Throttle {
  readonly #bandwidth: number;
  readonly #signal: AbortSignal;
  readonly #begin = performance.now();
  #sent = 0;

  /** `bandwidth` is in bytes per second; the signal ends a wait. */
  constructor(bandwidth: number, signal: AbortSignal) {
    this.#bandwidth = bandwidth;
    this.#signal = signal;
  }

  /** Waits until this many more bytes are due. */
  async spend(bytes: number): Promise<void> {
    this.#sent += bytes;
    const due = this.#begin + this.#sent / this.#bandwidth * 1000;
    const early = due - performance.now();
    if (early > 1) await sleep(early, this.#signal);
  }
}
