import {
  type BitmapOrder,
  BitmapPieces,
  pageCountOf,
  pageOffset,
  readBlockRange,
} from "../../format/bitmap/mod.ts";
import type { ByteRange, Walk } from "../../format/bytes/mod.ts";
import type { RAMBlockHeader } from "../../format/ram/mod.ts";
import { UnsupportedError } from "../../format/rules/mod.ts";
import { IntegrityError, type ReadOptions } from "../sources/mod.ts";

/** Selects the pages from `first` up to, but not including, `end`. */
export interface RunOptions extends ReadOptions {
  /** The first page. Default: 0. */
  readonly first?: number;
  /** The page after the last. Default: the page count. */
  readonly end?: number;
}

/**
 * Places and presence of the pages of a RAMBlock, and checks of arguments:
 * shared by the block and its synchronous variant.
 */
export class BlockPages {
  /** The pages that are in the file. */
  readonly bitmap: BitmapPieces;
  /** Number of pages of the block. */
  readonly pageCount: number;
  /** Size of a page in bytes. */
  readonly pageSize: number;
  /** Position of page 0 in the file. */
  readonly pagesOffset: number;
  /** Name of the block in errors: that of the source, and the idstr. */
  readonly name: string;
  readonly #sourceName: string;
  readonly #header: RAMBlockHeader;

  /** `sourceName` is the name of the source that contains the block. */
  constructor(sourceName: string, header: RAMBlockHeader, order: BitmapOrder) {
    const { usedLength, pageSize, pagesOffset, bitmapOffset, idstr } = header;
    this.pageSize = pageSize;
    this.pagesOffset = pagesOffset;
    this.pageCount = pageCountOf(usedLength, pageSize);
    this.bitmap = new BitmapPieces(this.pageCount, {
      offset: bitmapOffset,
      order,
    });
    this.name = `${sourceName}#${idstr}`;
    this.#sourceName = sourceName;
    this.#header = header;
  }

  /** The name as error messages have it: in quotes, escaped. */
  get quotedName(): string {
    return JSON.stringify(this.name);
  }

  /** Returns the walk that fills `target` from `offset` on. */
  rangeWalk(target: Uint8Array, offset: number): Walk<void> {
    this.checkRange(offset, target.length);
    return readBlockRange(this, { target, offset });
  }

  /** Returns the range of a page in the file, if the file holds it. */
  rangeOf(pageIndex: number): ByteRange {
    return { offset: pageOffset(this, pageIndex), length: this.pageSize };
  }

  /**
   * Names the page in an error about bytes that are not to be trusted; `offset`
   * is where the read started.
   */
  withPage(error: unknown, offset: number): unknown {
    if (!(error instanceof IntegrityError)) return error;
    const { idstr, usedLength } = this.#header;
    const { below, rule } = error;
    const start = (below?.offset ?? error.offset) - this.pagesOffset;
    const isPage = rule === "verity-data" && start >= 0 && start < usedLength;
    // Of the pages below a wrong hash block, the first that was to be read.
    const at = isPage || (below !== undefined && start > offset)
      ? start
      : offset;
    const pageIndex = Math.floor(at / this.pageSize);
    return new IntegrityError(error.source, {
      ...error,
      page: { idstr, pageIndex },
    });
  }

  /** Checks the options and returns the end of the selected pages. */
  runEnd(options: RunOptions): number {
    const { first = 0, end = this.pageCount } = options;
    const areIntegers = Number.isInteger(first) && Number.isInteger(end);
    if (!areIntegers || first < 0 || first > end || end > this.pageCount) {
      throw new RangeError(
        `Cannot list pages ${first} to ${end} of ${this.quotedName}: expected a ` +
          `first page and an end from 0 to ${this.pageCount}, in this order`,
      );
    }
    this.checkNotIgnored();
    return end;
  }

  /** Refuses a page that the block does not have. */
  checkPage(pageIndex: number): void {
    const isInside = Number.isInteger(pageIndex) && pageIndex >= 0 &&
      pageIndex < this.pageCount;
    if (!isInside) {
      throw new RangeError(
        `Cannot read page ${pageIndex} of ${this.quotedName}: expected a page ` +
          `from 0 to ${this.pageCount - 1}`,
      );
    }
    this.checkNotIgnored();
  }

  /** Refuses a target that does not have the size of a page. */
  checkTarget(target: Uint8Array): void {
    if (target.length === this.pageSize) return;
    throw new RangeError(
      `Cannot read a page of ${this.quotedName}: the target has ${target.length} ` +
        `bytes, expected ${this.pageSize}`,
    );
  }

  /** Refuses a range that the block does not have. */
  checkRange(offset: number, length: number): void {
    const isInside = Number.isInteger(offset) && Number.isInteger(length) &&
      offset >= 0 && length >= 0 && offset + length <= this.#header.usedLength;
    if (!isInside) {
      throw new RangeError(
        `Cannot read ${length} bytes at ${offset} of ${this.quotedName}: ` +
          `expected a range of its bytes 0 to ${this.#header.usedLength}`,
      );
    }
    this.checkNotIgnored();
  }

  /** Refuses a block whose pages were left out: they are not zero. */
  checkNotIgnored(): void {
    if (!this.#header.ignored) return;
    throw new UnsupportedError(this.#sourceName, {
      rule: "ignored-block",
      feature: "pages that x-ignore-shared left in shared memory",
      offset: this.#header.entry.offset,
      idstr: this.#header.idstr,
      found: "a RAMBlock without pages",
      expected: "the memory that it was shared from",
    });
  }
}
