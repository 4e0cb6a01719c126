import { waitFor } from "../work/mod.ts";

/** Holds background work back while demanded reads are pending. */
export class DemandGate {
  #demands = 0;
  #whenIdle: (() => void)[] = [];

  /** Counts a read as demanded until it has settled. */
  async demand(read: Promise<void>): Promise<void> {
    this.#demands++;
    try {
      await read;
    } finally {
      this.#demands--;
      if (this.#demands === 0) {
        for (const resume of this.#whenIdle.splice(0)) resume();
      }
    }
  }

  /**
   * Resolves when no demanded read is pending; rejects if the signal is aborted
   * first.
   */
  async idle(signal?: AbortSignal): Promise<void> {
    while (this.#demands > 0) {
      const idle = new Promise<void>((resolve) => this.#whenIdle.push(resolve));
      await waitFor(idle, { signal });
    }
  }
}
