/** The counters that istanbul's instrumented code adds to. */
interface FileCoverage {
  readonly s: Record<string, number>;
  readonly b: Record<string, number[]>;
}

/** Tells whether a run did what no run did before: a place, or how often. */
export class CoverageMap {
  readonly #counters: readonly number[][];
  readonly #statements: Record<string, number>;
  readonly #keys: readonly string[];
  readonly #seen = new Map<number, number>();

  /** Over the code of one instrumented module, which is loaded by now. */
  constructor() {
    const all = (globalThis as { __coverage__?: Record<string, FileCoverage> })
      .__coverage__ ?? {};
    const [file] = Object.values(all);
    if (file === undefined) throw new Error("Nothing is instrumented");
    this.#counters = Object.values(file.b);
    this.#statements = file.s;
    this.#keys = Object.keys(file.s);
  }

  /** How many places were reached so far, each branch and statement one. */
  get places(): number {
    return this.#seen.size;
  }

  /** Forgets what was counted. */
  reset(): void {
    for (const key of this.#keys) this.#statements[key] = 0;
    for (const counter of this.#counters) counter.fill(0);
  }

  /** Adds what was counted; whether some of it is new. */
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

/** Once, twice, a few times, often: more is not worth telling apart. */
function bucketOf(count: number): number {
  if (count === 0) return 0;
  return count < 3 ? count : count < 8 ? 4 : count < 32 ? 8 : 16;
}
