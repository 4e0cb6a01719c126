import type { PageRun } from "../../format/bitmap/mod.ts";
import { CHUNK } from "../work/mod.ts";
import { DemandFront, type DemandFrontOptions } from "./demand_front.ts";

/** Length in bytes of a piece near a demanded page. */
const PIECE = 0x20000;
/** Bytes to each side of it that are loaded immediately. */
const NEAR = 0x60000;
/** Bytes to each side that are loaded before all others. */
const REACH = 0x1000000;

/** A run of pages in one of several memories. */
export interface FrontPiece<Memory> {
  readonly memory: Memory;
  readonly run: PageRun;
}

/** Size of a memory, in pages. */
export interface FrontPages {
  readonly pageCount: number;
  readonly pageSize: number;
}

/**
 * Selects what background work loads next, in one of several memories: pages
 * around the last demanded page.
 */
export class MovingFront<Memory> {
  readonly #pagesOf: (memory: Memory) => FrontPages;
  readonly #fronts = new Map<Memory, DemandFront>();
  #last: Memory | undefined;
  #demandedAt = -Infinity;
  #moves = 0;
  /** Those that wait until it moves. */
  readonly #waiting = new Set<() => void>();
  #calm: Promise<void> | undefined;

  /** `pagesOf` returns the size of a memory. */
  constructor(pagesOf: (memory: Memory) => FrontPages) {
    this.#pagesOf = pagesOf;
  }

  /** Milliseconds since a page was last demanded. */
  get calmFor(): number {
    return performance.now() - this.#demandedAt;
  }

  /** Reports that a page is demanded: a reader or a guest is waiting for it. */
  demanded(memory: Memory, page: number): void {
    this.#last = memory;
    this.#demandedAt = performance.now();
    this.#frontOf(memory).demanded(page);
    this.#moves++;
    for (const wake of this.#waiting) wake();
  }

  /**
   * Returns the next piece, or undefined if only pages out of reach are left.
   * Pieces near the last demanded page are returned immediately, others when
   * `whenCalm` resolves.
   */
  async next(
    whenCalm: () => Promise<void>,
  ): Promise<FrontPiece<Memory> | undefined> {
    for (;;) {
      const memory = this.#last;
      const front = memory && this.#frontOf(memory);
      const near = front?.nextNear();
      if (memory !== undefined && near !== undefined) {
        return { memory, run: near };
      }
      const moves = this.#moves;
      this.#calm ??= whenCalm().finally(() => this.#calm = undefined);
      // It may reject when nothing awaits it any more.
      this.#calm.catch(() => {});
      await this.#movedOr(this.#calm);
      if (this.#moves !== moves) continue;
      const far = front?.nextFar();
      return memory && far && { memory, run: far };
    }
  }

  /** Resolves when it moves, or `calm` does. Keeps nothing after that. */
  #movedOr(calm: Promise<void>): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#waiting.add(resolve);
    calm.then(resolve, reject);
    return promise.finally(() => this.#waiting.delete(resolve));
  }

  #frontOf(memory: Memory): DemandFront {
    let front = this.#fronts.get(memory);
    if (front === undefined) {
      const { pageCount, pageSize } = this.#pagesOf(memory);
      front = new DemandFront(pageCount, sizesFor(pageSize));
      this.#fronts.set(memory, front);
    }
    return front;
  }
}

function sizesFor(pageSize: number): DemandFrontOptions {
  const pages = (bytes: number) => Math.max(1, Math.floor(bytes / pageSize));
  return {
    piece: pages(PIECE),
    near: pages(NEAR),
    largest: pages(CHUNK),
    reach: pages(REACH),
  };
}
