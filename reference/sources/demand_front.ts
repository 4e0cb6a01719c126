import type { PageRun } from "../../format/bitmap/mod.ts";

/** How far a stride is followed, in steps. */
const STRIDES = 3;

/** The sizes of what a front gives, in pages. */
export interface DemandFrontOptions {
  /** Of a piece near the page that was asked for last. */
  readonly piece: number;
  /** How far that is, to each side. */
  readonly near: number;
  /** Of the largest pieces farther away. */
  readonly largest: number;
  /** How far it goes at all, to each side. */
  readonly reach: number;
}

/**
 * Which pages are likely to be asked for next. Where each read has to wait for
 * something far away, work in the background begins with these.
 */
export class DemandFront {
  readonly #pageCount: number;
  readonly #options: DemandFrontOptions;
  #last: number | undefined;
  #stride = 0;
  #near: Iterator<PageRun> | undefined;
  #far: Iterator<PageRun> | undefined;

  /** Over pages 0 up to `pageCount`. */
  constructor(pageCount: number, options: DemandFrontOptions) {
    this.#pageCount = pageCount;
    this.#options = options;
  }

  /** Somebody waits for a page: the front is there now. */
  demanded(page: number): void {
    const { piece, near, largest, reach } = this.#options;
    const stride = page - (this.#last ?? page);
    const goesOn = stride === this.#stride && Math.abs(stride) >= piece;
    this.#stride = stride;
    this.#last = page;
    const first = page - page % piece;
    this.#near = inTurn(
      [this.#pieceAt(page)],
      goesOn ? this.#ahead(page, stride) : [],
      around({ first, end: first + piece }, {
        from: 0,
        to: near,
        largest: piece,
      }),
    );
    this.#far = inTurn(
      around({ first, end: first + piece }, { from: near, to: reach, largest }),
    );
  }

  /**
   * The next piece of those that are wanted soon: around the page that was asked
   * for last, and a stride away if the last ones lay a stride apart. Undefined if
   * there is none, or nobody waited yet.
   */
  nextNear(): PageRun | undefined {
    return this.#inside(this.#near);
  }

  /** The next of those farther away, the nearest first, in larger pieces. */
  nextFar(): PageRun | undefined {
    return this.#inside(this.#far);
  }

  #inside(pieces: Iterator<PageRun> | undefined): PageRun | undefined {
    for (;;) {
      const step = pieces?.next();
      if (step === undefined || step.done) return undefined;
      const first = Math.max(0, step.value.first);
      const end = Math.min(this.#pageCount, step.value.end);
      if (first < end) return { first, end };
    }
  }

  #pieceAt(page: number): PageRun {
    const { piece } = this.#options;
    const first = page - page % piece;
    return { first, end: first + piece };
  }

  *#ahead(page: number, stride: number): Generator<PageRun> {
    for (let step = 1; step <= STRIDES; step++) {
      const there = page + step * stride;
      if (there >= 0) yield this.#pieceAt(there);
    }
  }
}

function* inTurn(...parts: readonly Iterable<PageRun>[]): Generator<PageRun> {
  for (const part of parts) yield* part;
}

/** What lies to both sides of a run, so many pages away, in growing pieces. */
function* around(
  { first, end }: PageRun,
  { from, to, largest }: {
    readonly from: number;
    readonly to: number;
    readonly largest: number;
  },
): Generator<PageRun> {
  let size = end - first;
  for (let away = from; away < to; away += size) {
    if (away > from) size = Math.min(2 * size, largest);
    yield { first: end + away, end: end + away + size };
    yield { first: first - away - size, end: first - away };
  }
}
