/** The counters that istanbul's instrumented code increments. */
interface FileCoverage {
  readonly s: Record<string, number>;
  readonly b: Record<string, number[]>;
}

/**
 * Detects whether a run reached a place for the first time, or more often than
 * before.
 */
export class CoverageMap {
  readonly #counters: readonly number[][];
  readonly #statements: Record<string, number>;
  readonly #keys: readonly string[];
  readonly #seen = new Map<number, number>();

  /** Reads the counters of one instrumented module, which must be loaded. */
  constructor() {
    const all = (globalThis as { __coverage__?: Record<string, FileCoverage> })
      .__coverage__ ?? {};
    const [file] = Object.values(all);
    if (file === undefined) throw new Error("Nothing is instrumented");
    this.#counters = Object.values(file.b);
    this.#statements = file.s;
    this.#keys = Object.keys(file.s);
  }

  /** Number of branches and statements reached so far. */
  get places(): number {
    return this.#seen.size;
  }

  /** Resets the counters. */
  reset(): void {
    for (const key of this.#keys) this.#statements[key] = 0;
    for (const counter of this.#counters) counter.fill(0);
  }

  /** Adds the counters; returns whether any of them is new. */
  add(): boolean {
    let isNew = false;
    let place = 0;
    const see = (count: number) => {
      const bit = bucketOf(count);
      const seen = this.#seen.get(place) ?? 0;
      if (bit !== 0 && (seen & bit) === 0) {
        this.#seen.set(place, seen | bit);
        isNew = true;
      }
      place++;
    };
    for (const key of this.#keys) see(this.#statements[key]);
    for (const counter of this.#counters) counter.forEach(see);
    return isNew;
  }
}

/** Classifies a count as once, twice, a few times, or often. */
function bucketOf(count: number): number {
  if (count === 0) return 0;
  return count < 3 ? count : count < 8 ? 4 : count < 32 ? 8 : 16;
}
