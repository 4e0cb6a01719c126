interface Timer {
  readonly at: number;
  readonly work: () => void;
}

/** Work that a loop does later, as it sleeps until then at most. */
export class LoopTimers {
  readonly #timers = new Set<Timer>();

  /** Does `work` once, after some milliseconds; what it returns calls that off. */
  after(milliseconds: number, work: () => void): () => void {
    const timer = { at: performance.now() + milliseconds, work };
    this.#timers.add(timer);
    return () => void this.#timers.delete(timer);
  }

  /** Milliseconds until there is something to do; `Infinity` if there is not. */
  get timeout(): number {
    if (this.#timers.size === 0) return Infinity;
    let least = Infinity;
    for (const { at } of this.#timers) least = Math.min(least, at);
    return Math.max(0, least - performance.now());
  }

  /** Does what is due. */
  run(): void {
    if (this.#timers.size === 0) return;
    const now = performance.now();
    for (const timer of [...this.#timers]) {
      if (timer.at > now || !this.#timers.delete(timer)) continue;
      timer.work();
    }
  }
}
