import type { PageRun } from "../../format/bitmap/mod.ts";
import { CHUNK } from "../work/mod.ts";
import { DemandFront, type DemandFrontOptions } from "./demand_front.ts";

/** Bytes of a piece near a page that somebody waits for. */
const PIECE = 0x20000;
/** Bytes to each side of it that are wanted at once. */
const NEAR = 0x60000;
/** Bytes to each side that come before all others. */
const REACH = 0x1000000;
/** Pages of one of several memories. */
export interface FrontPiece<Memory> {
  readonly memory: Memory;
  readonly run: PageRun;
}

/** The pages of a memory that a front goes over. */
export interface FrontPages {
  readonly pageCount: number;
  readonly pageSize: number;
}

/**
 * Where work in the background goes on, in one of several memories: around the
 * page that was asked for last.
 */
export class MovingFront<Memory> {
  readonly #pagesOf: (memory: Memory) => FrontPages;
  readonly #fronts = new Map<Memory, DemandFront>();
  #last: Memory | undefined;
  #demandedAt = -Infinity;
  #moved = Promise.withResolvers<void>();
  #calm: Promise<void> | undefined;

  /** `pagesOf` tells how large a memory is. */
  constructor(pagesOf: (memory: Memory) => FrontPages) {
    this.#pagesOf = pagesOf;
  }

  /** Milliseconds since somebody has asked for a page. */
  get calmFor(): number {
    return performance.now() - this.#demandedAt;
  }

  /** Somebody waits for a page. */
  demanded(memory: Memory, page: number): void {
    this.#last = memory;
    this.#demandedAt = performance.now();
    this.#frontOf(memory).demanded(page);
    this.#moved.resolve();
    this.#moved = Promise.withResolvers();
  }

  /**
   * What comes next; undefined if it is the turn of the rest. What is near to the
   * page that was asked for last comes at once, all else when `whenCalm` resolves.
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
      const moved = this.#moved;
      this.#calm ??= whenCalm().finally(() => this.#calm = undefined);
      // It may reject when nobody waits for it any more.
      this.#calm.catch(() => {});
      await Promise.race([moved.promise, this.#calm]);
      if (this.#moved !== moved) continue;
      const far = front?.nextFar();
      return memory && far && { memory, run: far };
    }
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
