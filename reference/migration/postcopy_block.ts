import { PageBitmap, type PageRun } from "../../format/mod.ts";
import type { RAMBlock } from "../reading/mod.ts";

/**
 * A RAMBlock on its way to a destination, which takes whole host pages, each of
 * them once: QEMU fails when one comes a second time.
 */
export class PostcopyBlock {
  /** Where the pages come from. */
  readonly block: RAMBlock;
  /** Bytes of a host page at the destination, at least a page. */
  readonly hostPageSize: number;
  /** How many host pages there are. */
  readonly hostPageCount: number;
  readonly #taken: PageBitmap;
  /** Those that are to be pushed, and those that were taken. */
  readonly #planned: PageBitmap;

  /** `hostPageSize` is that of the memory behind the RAMBlock over there. */
  constructor(block: RAMBlock, hostPageSize: number) {
    const { pageSize, usedLength, idstr } = block;
    const bits = Math.log2(hostPageSize);
    if (!Number.isInteger(bits) || hostPageSize > 2 ** 30) {
      throw new RangeError(
        `Cannot resume RAMBlock ${JSON.stringify(idstr)} with host pages of ` +
          `${hostPageSize} bytes: expected a power of two up to 1 GiB`,
      );
    }
    this.block = block;
    this.hostPageSize = Math.max(hostPageSize, pageSize);
    this.hostPageCount = Math.ceil(usedLength / this.hostPageSize);
    this.#taken = new PageBitmap(this.hostPageCount);
    this.#planned = new PageBitmap(this.hostPageCount);
  }

  /** Takes a host page; false if somebody has taken it before. */
  take(hostPage: number): boolean {
    if (this.#taken.isSet(hostPage)) return false;
    this.#taken.set(hostPage);
    this.#planned.set(hostPage);
    return true;
  }

  /**
   * Plans to push host pages: the first of [from, end) that nobody has planned
   * or taken, and those that follow, so many at most. Undefined if there is none.
   */
  planNext(from: number, end: number, most: number): PageRun | undefined {
    const first = this.#planned.nextClear(from, end);
    if (first >= end) return undefined;
    const until = this.#planned.nextSet(first, Math.min(end, first + most));
    for (let page = first; page < until; page++) this.#planned.set(page);
    return { first, end: until };
  }

  /** The pages of the host pages [first, end). */
  pagesOf(first: number, end: number = first + 1): PageRun {
    const { pageSize, pageCount } = this.block;
    const each = this.hostPageSize / pageSize;
    return { first: first * each, end: Math.min(end * each, pageCount) };
  }

  /** The host pages that some of these pages stand in. */
  hostPagesOf(pages: PageRun): PageRun {
    const each = this.hostPageSize / this.block.pageSize;
    return {
      first: Math.floor(pages.first / each),
      end: Math.ceil(pages.end / each),
    };
  }

  /** The first host page of [from, end) that nobody has taken, else `end`. */
  nextFree(from: number, end: number): number {
    return this.#taken.nextClear(from, end);
  }

  /** The first host page of [from, end) that somebody has taken, else `end`. */
  nextTaken(from: number, end: number): number {
    return this.#taken.nextSet(from, end);
  }
}
