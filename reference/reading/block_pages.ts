import {
  type BitmapOrder,
  BitmapPieces,
  pageCountOf,
  pageRunRange,
  readBlockRange,
} from "../../format/bitmap/mod.ts";
import type { ByteRange, Walk } from "../../format/bytes/mod.ts";
import type { RAMBlockHeader } from "../../format/ram/mod.ts";
import { UnsupportedError } from "../../format/rules/mod.ts";
import type { ReadOptions } from "../sources/mod.ts";

/** Which pages to look at: `first` up to, but not including, `end`. */
export interface RunOptions extends ReadOptions {
  /** The first page. Default: 0. */
  readonly first?: number;
  /** The page behind the last. Default: the page count. */
  readonly end?: number;
}

/**
 * Where the pages of a RAMBlock stand, which are there, and what may be asked of
 * them: what the block and its synchronous twin share.
 */
export class BlockPages {
  /** Which pages are there. */
  readonly bitmap: BitmapPieces;
  /** How many pages the block has. */
  readonly pageCount: number;
  /** Size of a page in bytes. */
  readonly pageSize: number;
  /** Position of page 0 in the file. */
  readonly pagesOffset: number;
  /** Name of the block for errors: that of the source and the idstr. */
  readonly name: string;
  readonly #sourceName: string;
  readonly #header: RAMBlockHeader;

  /** The pages of a block in a source of that name. */
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

  /** The walk that fills `target` from `offset` on. */
  rangeWalk(target: Uint8Array, offset: number): Walk<void> {
    this.checkRange(offset, target.length);
    return readBlockRange(this, { target, offset });
  }

  /** Where a page stands in the file, if it does. */
  rangeOf(pageIndex: number): ByteRange {
    return pageRunRange(this, { first: pageIndex, end: pageIndex + 1 });
  }

  /** The end of a look at runs, checked. */
  runEnd(options: RunOptions): number {
    const { first = 0, end = this.pageCount } = options;
    const whole = Number.isInteger(first) && Number.isInteger(end);
    if (!whole || first < 0 || first > end || end > this.pageCount) {
      throw new RangeError(
        `Cannot look at pages ${first} to ${end} of ${this.name}: ` +
          `it has ${this.pageCount} pages`,
      );
    }
    this.checkNotIgnored();
    return end;
  }

  /** Refuses a page that the block does not have. */
  checkPage(pageIndex: number): void {
    const inside = Number.isInteger(pageIndex) && pageIndex >= 0 &&
      pageIndex < this.pageCount;
    if (!inside) {
      throw new RangeError(
        `Cannot read page ${pageIndex} of ${this.name}: ` +
          `it has ${this.pageCount} pages`,
      );
    }
    this.checkNotIgnored();
  }

  /** Refuses a target that is not as large as a page. */
  checkTarget(target: Uint8Array): void {
    if (target.length === this.pageSize) return;
    throw new RangeError(
      `Cannot read a page of ${this.name}: the target has ${target.length} ` +
        `bytes, expected ${this.pageSize}`,
    );
  }

  /** Refuses a range that the block does not have. */
  checkRange(offset: number, length: number): void {
    const inside = Number.isInteger(offset) && Number.isInteger(length) &&
      offset >= 0 && length >= 0 && offset + length <= this.#header.usedLength;
    if (!inside) {
      throw new RangeError(
        `Cannot read ${length} bytes at ${offset} of ${this.name}: ` +
          `it has ${this.#header.usedLength} bytes`,
      );
    }
    this.checkNotIgnored();
  }

  /** Refuses a block that was left out: that none of its pages are there is not so. */
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
