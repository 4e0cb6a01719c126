import { bitmapByteLength } from "./layout.ts";
import type { PageRun } from "./page_run.ts";

/** Number of set bits of each byte. */
const BIT_COUNTS = new Uint8Array(256);
for (let byte = 1; byte < 256; byte++) {
  BIT_COUNTS[byte] = (byte & 1) + BIT_COUNTS[byte >> 1];
}

/**
 * One bit a page, LSB 0: page n is bit n & 7 of byte n >> 3 (SPEC 5.1).
 *
 * @example
 * ```ts
 * import { PageBitmap } from "../../mod.ts";
 * import assert from "node:assert/strict";
 *
 * const bitmap = new PageBitmap(100);
 * bitmap.set(3);
 * bitmap.set(4);
 * assert.deepEqual([...bitmap.runs()], [{ first: 3, end: 5 }]);
 * ```
 */
export class PageBitmap {
  /** Number of pages that the bitmap covers; bits after them are ignored. */
  readonly pageCount: number;
  /** The bits, in whole 8-byte words unless the caller passed other bytes. */
  readonly bytes: Uint8Array;

  /** Wraps `bytes`, which are not copied; by default all bits are clear. */
  constructor(
    pageCount: number,
    bytes: Uint8Array = new Uint8Array(bitmapByteLength(pageCount)),
  ) {
    if (bytes.length * 8 < pageCount) {
      throw new RangeError(
        `Cannot make a PageBitmap of ${pageCount} pages: ` +
          `${bytes.length} bytes are too few`,
      );
    }
    this.pageCount = pageCount;
    this.bytes = bytes;
  }

  /** Whether the bit of a page is set. */
  isSet(pageIndex: number): boolean {
    return (this.bytes[Math.floor(pageIndex / 8)] >> (pageIndex & 7) & 1) === 1;
  }

  /** Sets the bit of a page. */
  set(pageIndex: number): void {
    this.bytes[Math.floor(pageIndex / 8)] |= 1 << (pageIndex & 7);
  }

  /** Clears the bit of a page. */
  clear(pageIndex: number): void {
    this.bytes[Math.floor(pageIndex / 8)] &= ~(1 << (pageIndex & 7));
  }

  /** Returns the first page from `from` on whose bit is set, else `end`. */
  nextSet(from: number, end = this.pageCount): number {
    return this.#next(from, end, 0x00);
  }

  /** Returns the first page from `from` on whose bit is clear, else `end`. */
  nextClear(from: number, end = this.pageCount): number {
    return this.#next(from, end, 0xff);
  }

  /** Yields the maximal runs of set bits in [from, to), in order. */
  *runs(from = 0, to = this.pageCount): Generator<PageRun> {
    let first = this.nextSet(from, to);
    while (first < to) {
      const end = this.nextClear(first, to);
      yield { first, end };
      first = this.nextSet(end, to);
    }
  }

  /** Counts the set bits in [from, to). */
  count(from = 0, to = this.pageCount): number {
    if (from >= to) return 0;
    const first = Math.floor(from / 8);
    const last = Math.floor(to / 8);
    const firstBits = 0xff << (from & 7) & 0xff;
    const lastBits = (1 << (to & 7)) - 1;
    const lastByte = (this.bytes[last] ?? 0) & lastBits;
    if (first === last) return BIT_COUNTS[lastByte & firstBits];
    let count = BIT_COUNTS[this.bytes[first] & firstBits];
    for (let at = first + 1; at < last; at++) {
      count += BIT_COUNTS[this.bytes[at]];
    }
    return count + BIT_COUNTS[lastByte];
  }

  /** Whether all bits after the last page are clear. */
  isPaddingClear(): boolean {
    const wholeBytes = Math.floor(this.pageCount / 8);
    const lastBits = this.pageCount & 7;
    return (this.bytes[wholeBytes] ?? 0) >> lastBits === 0 &&
      this.bytes.subarray(wholeBytes + 1).every((byte) => byte === 0);
  }

  /**
   * Returns the first page in [from, end) whose bit differs from `filler`'s.
   */
  #next(from: number, end: number, filler: 0x00 | 0xff): number {
    let byteIndex = Math.floor(from / 8);
    let differing = (this.bytes[byteIndex] ^ filler) & (0xff << (from & 7));
    const byteEnd = Math.ceil(end / 8);
    while (differing === 0 && ++byteIndex < byteEnd) {
      differing = this.bytes[byteIndex] ^ filler;
    }
    if (differing === 0 || from >= end) return end;
    const lowestBit = 31 - Math.clz32(differing & -differing);
    return Math.min(end, byteIndex * 8 + lowestBit);
  }
}
