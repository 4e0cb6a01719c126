import { blockRange, type PageBitmap } from "../../format/bitmap/mod.ts";
import type { RAMBlock } from "../reading/mod.ts";

/** Bytes of RAM ahead of the lanes, more than they read between two looks. */
const AHEAD = 0x8000000;

/**
 * Tells the source of a block what the lanes will read. They wait for each read
 * of a disk; with many known ahead, the disk need not wait for them.
 */
export class LaneReadAhead {
  readonly #block: RAMBlock;
  readonly #wanted: PageBitmap;
  /** The page up to which the source was told. */
  #told = 0;

  /** Ahead of lanes that read the `wanted` pages of `block` in order. */
  constructor(block: RAMBlock, wanted: PageBitmap) {
    this.#block = block;
    this.#wanted = wanted;
  }

  /** Tells what is wanted some way on from `page`, which the lanes have come to. */
  follow(page: number): void {
    const { willNeed, pageSize } = this.#block;
    if (willNeed === undefined) return;
    const { pageCount } = this.#wanted;
    const until = Math.min(pageCount, page + AHEAD / pageSize);
    let first = this.#wanted.nextSet(Math.max(page, this.#told));
    while (first < until) {
      const end = Math.min(until, this.#wanted.nextClear(first));
      willNeed(blockRange(pageSize, { first, end }));
      first = this.#wanted.nextSet(end);
    }
    this.#told = Math.max(this.#told, until);
  }
}
