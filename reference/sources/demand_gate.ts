import { waitFor } from "../work/mod.ts";

/** Lets work in the background wait until nobody waits for a read. */
export class DemandGate {
  #demands = 0;
  #whenIdle: (() => void)[] = [];

  /** Counts a read as one that somebody waits for, until it has ended. */
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
   * Resolves when no read is under way that somebody waits for; rejects when the
   * signal is aborted before.
   */
  async idle(signal?: AbortSignal): Promise<void> {
    while (this.#demands > 0) {
      const idle = new Promise<void>((resolve) => this.#whenIdle.push(resolve));
      await waitFor(idle, { signal });
    }
  }
}
