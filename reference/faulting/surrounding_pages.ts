import type { PageRun } from "../../format/bitmap/mod.ts";
import type { PostcopyPages } from "./postcopy_pages.ts";

/** Maximum runs that are remembered; the oldest are left to later faults. */
const RUNS_MAX = 64;

/** The pages around the latest faults, those of the last fault first. */
export class SurroundingPages {
  readonly #runs: PageRun[] = [];

  /** Number of runs that may have pages to load. */
  get size(): number {
    return this.#runs.length;
  }

  /** Adds the pages of a window around a run: those after it come first. */
  add(run: PageRun, window: PageRun): void {
    const before = { first: window.first, end: run.first };
    const after = { first: run.end, end: window.end };
    for (const it of [before, after]) {
      if (it.first < it.end) this.#runs.push(it);
    }
    if (this.#runs.length > RUNS_MAX) {
      this.#runs.splice(0, this.#runs.length - RUNS_MAX);
    }
  }

  /** Takes the next free pages, at most `countMax`; undefined: there are none. */
  takeNext(pages: PostcopyPages, countMax: number): PageRun | undefined {
    for (let run = this.#runs.at(-1); run; run = this.#runs.at(-1)) {
      const free = pages.nextFree(run, countMax);
      if (free !== undefined) return pages.takeNext(free);
      this.#runs.pop();
    }
    return undefined;
  }
}
