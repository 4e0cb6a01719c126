import type { PageRun } from "../../format/bitmap/mod.ts";

/** How pages of a source lie in a memory. */
export interface PostcopyGeometry {
  /** Offset in the source of the memory's first byte. */
  readonly origin: number;
  /** Bytes of a page of the source. */
  readonly targetPageSize: number;
  /** Bytes of a page of the memory. */
  readonly hostPageSize: number;
  /** How many pages the memory has. */
  readonly hostPageCount: number;
  /** Bytes of the source. */
  readonly sourceLength: number;
}

/** The target pages that lie, at least in part, in host pages. */
export function targetPagesOf(run: PageRun, to: PostcopyGeometry): PageRun {
  const { origin, targetPageSize, hostPageSize, sourceLength } = to;
  const last = Math.ceil(sourceLength / targetPageSize);
  const first = Math.floor(
    (origin + run.first * hostPageSize) / targetPageSize,
  );
  const end = Math.ceil((origin + run.end * hostPageSize) / targetPageSize);
  return { first: Math.min(first, last), end: Math.min(end, last) };
}

/** The host pages in which target pages lie, at least in part; maybe none. */
export function hostPagesOf(run: PageRun, from: PostcopyGeometry): PageRun {
  const { origin, targetPageSize, hostPageSize, hostPageCount } = from;
  const first = Math.floor(
    (run.first * targetPageSize - origin) / hostPageSize,
  );
  const end = Math.ceil((run.end * targetPageSize - origin) / hostPageSize);
  const clippedFirst = Math.max(0, Math.min(first, hostPageCount));
  return {
    first: clippedFirst,
    end: Math.max(clippedFirst, Math.min(end, hostPageCount)),
  };
}

/** Joins runs of target pages, in order, to runs of host pages within a run. */
export class HostRuns {
  readonly #within: PageRun;
  readonly #geometry: PostcopyGeometry;
  #open: PageRun | undefined;

  constructor(within: PageRun, geometry: PostcopyGeometry) {
    this.#within = within;
    this.#geometry = geometry;
  }

  /** Takes the next run; gives what it does not go on with. */
  *add(run: PageRun): Generator<PageRun> {
    const whole = hostPagesOf(run, this.#geometry);
    const first = Math.max(whole.first, this.#within.first);
    const end = Math.min(whole.end, this.#within.end);
    if (first >= end) return;
    const open = this.#open;
    if (open !== undefined && first <= open.end) {
      this.#open = { first: open.first, end: Math.max(open.end, end) };
      return;
    }
    if (open !== undefined) yield open;
    this.#open = { first, end };
  }

  /** What is left at the end. */
  *rest(): Generator<PageRun> {
    if (this.#open !== undefined) yield this.#open;
    this.#open = undefined;
  }
}
