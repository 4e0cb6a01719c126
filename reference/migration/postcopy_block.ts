import { PageBitmap, type PageRun } from "../../format/bitmap/mod.ts";
import type { RAMBlock } from "../reading/mod.ts";

/**
 * A RAMBlock being sent to a destination, in whole host pages, each of them
 * once: QEMU fails if a page arrives twice.
 */
export class PostcopyBlock {
  /** The block that the pages are read from. */
  readonly block: RAMBlock;
  /** Bytes of a host page at the destination; at least one page. */
  readonly hostPageSize: number;
  /** Number of host pages. */
  readonly hostPageCount: number;
  readonly #taken: PageBitmap;
  /** Bitmaps of the host pages planned to be pushed, and of those taken. */
  readonly #planned: PageBitmap;

  /** `hostPageSize` is that of the RAMBlock's memory at the destination. */
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

  /** Takes a host page; returns false if it was already taken. */
  take(hostPage: number): boolean {
    if (this.#taken.isSet(hostPage)) return false;
    this.#taken.set(hostPage);
    this.#planned.set(hostPage);
    return true;
  }

  /**
   * Plans to push host pages: the first one in [from, end) neither planned nor
   * taken, and those that follow it, at most `countMax`. Returns undefined if
   * there is none.
   */
  planNext(from: number, end: number, countMax: number): PageRun | undefined {
    const first = this.#planned.nextClear(from, end);
    if (first >= end) return undefined;
    const until = this.#planned.nextSet(first, Math.min(end, first + countMax));
    for (let page = first; page < until; page++) this.#planned.set(page);
    return { first, end: until };
  }

  /** Returns the pages of the host pages [first, end). */
  pagesOf(first: number, end: number = first + 1): PageRun {
    const { pageSize, pageCount } = this.block;
    const each = this.hostPageSize / pageSize;
    return { first: first * each, end: Math.min(end * each, pageCount) };
  }

  /** Returns the host pages that contain these pages. */
  hostPagesOf(pages: PageRun): PageRun {
    const each = this.hostPageSize / this.block.pageSize;
    return {
      first: Math.floor(pages.first / each),
      end: Math.ceil(pages.end / each),
    };
  }

  /**
   * Returns the first host page in [from, end) that is not taken, else `end`.
   */
  nextFree(from: number, end: number): number {
    return this.#taken.nextClear(from, end);
  }

  /** Returns the first host page in [from, end) that is taken, else `end`. */
  nextTaken(from: number, end: number): number {
    return this.#taken.nextSet(from, end);
  }
}
