interface Timer {
  readonly at: number;
  readonly work: () => void;
}

/** Delayed work of a loop, which sleeps no longer than until it is due. */
export class LoopTimers {
  readonly #timers = new Set<Timer>();

  /** Schedules `work` once; returns a function that cancels it. */
  after(milliseconds: number, work: () => void): () => void {
    const timer = { at: performance.now() + milliseconds, work };
    this.#timers.add(timer);
    return () => void this.#timers.delete(timer);
  }

  /** Milliseconds until work is due; `Infinity` if there is none. */
  get timeout(): number {
    if (this.#timers.size === 0) return Infinity;
    let earliest = Infinity;
    for (const { at } of this.#timers) earliest = Math.min(earliest, at);
    return Math.max(0, earliest - performance.now());
  }

  /** Does the work that is due. */
  run(): void {
    if (this.#timers.size === 0) return;
    const now = performance.now();
    for (const timer of [...this.#timers]) {
      if (timer.at > now || !this.#timers.delete(timer)) continue;
      timer.work();
    }
  }
}
