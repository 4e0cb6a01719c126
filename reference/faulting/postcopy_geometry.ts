import type { PageRun } from "../../format/bitmap/mod.ts";

/** How the pages of a source map to the pages of a memory. */
export interface PostcopyGeometry {
  /** Offset in the source of the memory's first byte. */
  readonly origin: number;
  /** Bytes of a page of the source. */
  readonly targetPageSize: number;
  /** Bytes of a page of the memory. */
  readonly hostPageSize: number;
  /** Number of pages of the memory. */
  readonly hostPageCount: number;
  /** Length of the source in bytes. */
  readonly sourceLength: number;
}

/** Returns the target pages that overlap a run of host pages. */
export function targetPagesOf(run: PageRun, to: PostcopyGeometry): PageRun {
  const { origin, targetPageSize, hostPageSize, sourceLength } = to;
  const last = Math.ceil(sourceLength / targetPageSize);
  const first = Math.floor(
    (origin + run.first * hostPageSize) / targetPageSize,
  );
  const end = Math.ceil((origin + run.end * hostPageSize) / targetPageSize);
  return { first: Math.min(first, last), end: Math.min(end, last) };
}

/** Returns the host pages that overlap a run of target pages; may be empty. */
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

/** Merges ordered runs of target pages into runs of host pages within a run. */
export class HostRuns {
  readonly #within: PageRun;
  readonly #geometry: PostcopyGeometry;
  #open: PageRun | undefined;

  constructor(within: PageRun, geometry: PostcopyGeometry) {
    this.#within = within;
    this.#geometry = geometry;
  }

  /** Adds the next run; yields the previous one unless the two were merged. */
  *add(run: PageRun): Generator<PageRun> {
    const hostRun = hostPagesOf(run, this.#geometry);
    const first = Math.max(hostRun.first, this.#within.first);
    const end = Math.min(hostRun.end, this.#within.end);
    if (first >= end) return;
    const open = this.#open;
    if (open !== undefined && first <= open.end) {
      this.#open = { first: open.first, end: Math.max(open.end, end) };
      return;
    }
    if (open !== undefined) yield open;
    this.#open = { first, end };
  }

  /** Yields the last run. */
  *rest(): Generator<PageRun> {
    if (this.#open !== undefined) yield this.#open;
    this.#open = undefined;
  }
}
