import { blockRange, type PageBitmap } from "../../format/bitmap/mod.ts";
import type { RAMBlock } from "../reading/mod.ts";

/** Bytes of RAM to read ahead: more than the lanes read between two polls. */
const AHEAD = 0x8000000;

/**
 * Announces to the source of a block what the lanes will read. Each lane waits
 * for its own disk reads; announcing many of them keeps the disk busy.
 */
export class LaneReadAhead {
  readonly #block: RAMBlock;
  readonly #wanted: PageBitmap;
  /** End of the pages already announced. */
  #announcedEnd = 0;

  /** Reads ahead of lanes that read the `wanted` pages of `block` in order. */
  constructor(block: RAMBlock, wanted: PageBitmap) {
    this.#block = block;
    this.#wanted = wanted;
  }

  /** Announces wanted pages after `page`, the position of the lanes. */
  follow(page: number): void {
    const { willNeed, pageSize } = this.#block;
    if (willNeed === undefined) return;
    const { pageCount } = this.#wanted;
    const until = Math.min(pageCount, page + AHEAD / pageSize);
    let first = this.#wanted.nextSet(Math.max(page, this.#announcedEnd));
    while (first < until) {
      const end = Math.min(until, this.#wanted.nextClear(first));
      willNeed(blockRange(pageSize, { first, end }));
      first = this.#wanted.nextSet(end);
    }
    this.#announcedEnd = Math.max(this.#announcedEnd, until);
  }
}
