import type { Walk } from "../bytes/walk.ts";
import { type BitmapOrder, toLsb0 } from "./bitmap_order.ts";
import { bitmapByteLength } from "./layout.ts";
import { PageBitmap } from "./page_bitmap.ts";
import type { PageRun } from "./page_run.ts";

/** Bytes of one piece: the bits of 131,072 pages, 512 MiB of 4 KiB pages. */
const PIECE_BYTES = 0x4000;
const PIECE_PAGES = PIECE_BYTES * 8;
/** Maximum number of pieces kept: 4 MiB of bits, 128 GiB of 4 KiB pages. */
const PIECES_MAX = 256;

/** How far {@linkcode BitmapPieces.peekRunEnd} looks. */
const PEEK_PAGES = 1024;

/** A run of pages that are all present or all absent. */
export interface UniformRun extends PageRun {
  /** Whether the bits of the run are set. */
  readonly present: boolean;
}

/**
 * A bitmap in a file, fetched piece by piece on demand. The least recently used
 * piece is dropped first: 1 TiB of RAM has 32 MiB of bits.
 *
 * {@linkcode peek} answers from pieces in memory; everything else is a walk.
 */
export class BitmapPieces {
  /** Number of pages that the bitmap covers. */
  readonly pageCount: number;
  readonly #offset: number;
  readonly #order: BitmapOrder;
  /** Pieces by number, the most recently used last. */
  readonly #pieces = new Map<number, PageBitmap>();
  #lastNumber = -1;
  #lastPiece = new PageBitmap(0);

  /** Describes the bitmap of `pageCount` pages at `offset` in the file. */
  constructor(
    pageCount: number,
    { offset, order }: { readonly offset: number; readonly order: BitmapOrder },
  ) {
    this.pageCount = pageCount;
    this.#offset = offset;
    this.#order = order;
  }

  /**
   * Whether a page is present; undefined if its piece must be fetched first.
   */
  peek(pageIndex: number): boolean | undefined {
    const number = Math.floor(pageIndex / PIECE_PAGES);
    const piece = number === this.#lastNumber
      ? this.#lastPiece
      : this.#recall(number);
    return piece?.isSet(pageIndex - number * PIECE_PAGES);
  }

  /**
   * Returns the end of the run of present pages at `pageIndex`, as far as the
   * bits in memory show it, at most 1024 pages on. A read-ahead ends there.
   */
  peekRunEnd(pageIndex: number): number {
    const number = Math.floor(pageIndex / PIECE_PAGES);
    const piece = this.#recall(number);
    if (piece === undefined) return pageIndex + 1;
    const from = pageIndex - number * PIECE_PAGES;
    const limit = Math.min(piece.pageCount, from + PEEK_PAGES);
    return number * PIECE_PAGES + piece.nextClear(from, limit);
  }

  /** Whether a page is present. */
  *isSet(pageIndex: number): Walk<boolean> {
    const answer = this.peek(pageIndex);
    if (answer !== undefined) return answer;
    yield* this.#piece(Math.floor(pageIndex / PIECE_PAGES));
    return this.peek(pageIndex) ?? false;
  }

  /** Returns the longest run in [first, end) that starts at `first`. */
  *runAt(first: number, end: number): Walk<UniformRun> {
    const present = yield* this.isSet(first);
    let at = first;
    while (at < end) {
      const number = Math.floor(at / PIECE_PAGES);
      const piece = yield* this.#piece(number);
      const base = number * PIECE_PAGES;
      const limit = Math.min(piece.pageCount, end - base);
      const next = present
        ? piece.nextClear(at - base, limit)
        : piece.nextSet(at - base, limit);
      at = base + next;
      if (next < limit) break;
    }
    return { first, end: at, present };
  }

  /**
   * Returns the first run of set bits in [from, end); undefined if there is
   * none.
   */
  *nextRun(from: number, end: number): Walk<PageRun | undefined> {
    if (from >= end) return undefined;
    let run = yield* this.runAt(from, end);
    if (!run.present) {
      if (run.end >= end) return undefined;
      run = yield* this.runAt(run.end, end);
    }
    return { first: run.first, end: run.end };
  }

  /** Counts the set bits in [first, end). */
  *count(first: number, end: number): Walk<number> {
    let count = 0;
    for (let at = first; at < end;) {
      const number = Math.floor(at / PIECE_PAGES);
      const piece = yield* this.#piece(number);
      const base = number * PIECE_PAGES;
      const limit = Math.min(piece.pageCount, end - base);
      count += piece.count(at - base, limit);
      at = base + limit;
    }
    return count;
  }

  /** Copies all bits to `target`, which must cover the same number of pages. */
  *copyInto(target: PageBitmap): Walk<void> {
    if (target.pageCount !== this.pageCount) {
      throw new RangeError(
        `Cannot copy the bits of ${this.pageCount} pages to a bitmap of ` +
          `${target.pageCount}`,
      );
    }
    const byteLength = Math.ceil(this.pageCount / 8);
    for (let start = 0; start < byteLength; start += PIECE_BYTES) {
      const { bytes } = yield* this.#piece(start / PIECE_BYTES);
      target.bytes.set(bytes.subarray(0, byteLength - start), start);
    }
    // Bits after the last page belong to no page.
    const paddingBits = byteLength * 8 - this.pageCount;
    if (paddingBits > 0) target.bytes[byteLength - 1] &= 0xff >> paddingBits;
  }

  /** Whether the bits after the last page are clear. */
  *isPaddingClear(): Walk<boolean> {
    if (this.pageCount === 0) return true;
    const last = Math.floor((this.pageCount - 1) / PIECE_PAGES);
    return (yield* this.#piece(last)).isPaddingClear();
  }

  *#piece(number: number): Walk<PageBitmap> {
    const recalled = this.#recall(number);
    if (recalled !== undefined) return recalled;
    const start = number * PIECE_BYTES;
    const byteLength = bitmapByteLength(this.pageCount, this.#order.wordSize);
    const bytes = yield {
      offset: this.#offset + start,
      length: Math.min(PIECE_BYTES, byteLength - start),
    };
    toLsb0(bytes, this.#order);
    const pages = Math.min(PIECE_PAGES, this.pageCount - number * PIECE_PAGES);
    const piece = new PageBitmap(pages, bytes);
    this.#pieces.set(number, piece);
    if (this.#pieces.size > PIECES_MAX) {
      const [oldest] = this.#pieces.keys();
      if (oldest !== undefined) this.#pieces.delete(oldest);
    }
    return this.#recall(number) ?? piece;
  }

  #recall(number: number): PageBitmap | undefined {
    if (number === this.#lastNumber) return this.#lastPiece;
    const piece = this.#pieces.get(number);
    if (piece === undefined) return undefined;
    this.#pieces.delete(number);
    this.#pieces.set(number, piece);
    this.#lastNumber = number;
    this.#lastPiece = piece;
    return piece;
  }
}
