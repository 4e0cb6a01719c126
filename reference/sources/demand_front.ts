import type { PageRun } from "../../format/bitmap/mod.ts";

/** Number of steps for which a stride is followed. */
const STRIDES = 3;

/** Sizes and distances of the pieces of a front, in pages. */
export interface DemandFrontOptions {
  /** Size of a piece near the last demanded page. */
  readonly piece: number;
  /** Distance to each side that counts as near. */
  readonly near: number;
  /** Size of the largest pieces farther away. */
  readonly largest: number;
  /** Distance to each side at which the front ends. */
  readonly reach: number;
}

/**
 * Predicts which pages will be demanded next. With high-latency sources,
 * background work loads these first.
 */
export class DemandFront {
  readonly #pageCount: number;
  readonly #options: DemandFrontOptions;
  #last: number | undefined;
  #stride = 0;
  #near: Iterator<PageRun> | undefined;
  #far: Iterator<PageRun> | undefined;

  /** Makes a front over pages 0 up to, not including, `pageCount`. */
  constructor(pageCount: number, options: DemandFrontOptions) {
    this.#pageCount = pageCount;
    this.#options = options;
  }

  /** Moves the front to a page that is demanded. */
  demanded(page: number): void {
    const { piece, near, largest, reach } = this.#options;
    const stride = page - (this.#last ?? page);
    const isRepeated = stride === this.#stride && Math.abs(stride) >= piece;
    this.#stride = stride;
    this.#last = page;
    const first = page - page % piece;
    this.#near = inTurn(
      [this.#pieceAt(page)],
      isRepeated ? this.#ahead(page, stride) : [],
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
   * Returns the next piece that is likely to be wanted soon: around the last
   * demanded page, and some strides ahead if the last pages were equally far
   * apart. Undefined if there is none, or no page was demanded yet.
   */
  nextNear(): PageRun | undefined {
    return this.#inside(this.#near);
  }

  /** Returns the next, larger piece farther away, the nearest first. */
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
      const target = page + step * stride;
      if (target >= 0) yield this.#pieceAt(target);
    }
  }
}

function* inTurn(...parts: readonly Iterable<PageRun>[]): Generator<PageRun> {
  for (const part of parts) yield* part;
}

/** Yields growing pieces to both sides of a run, `from` to `to` pages away. */
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
