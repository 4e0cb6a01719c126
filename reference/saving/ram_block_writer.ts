import {
  bitmapByteLength,
  type BitmapOrder,
  type PageBitmap,
  pageCountOf,
  pageOffset,
  type PageRun,
  toLsb0,
} from "../../format/bitmap/mod.ts";
import type { MappedRamHeader } from "../../format/ram/mod.ts";
import {
  isZero,
  type PageBatch,
  sharedWords,
  storePages,
} from "../pages/mod.ts";
import { backingOf, SourceError } from "../sources/mod.ts";
import type { BlockShare } from "./block_share.ts";

/** The runs of a write of one nonzero page. */
const ONE_PAGE: readonly PageRun[] = [{ first: 0, end: 1 }];

/** The target of a writer of pages: a sink or a store. */
export interface PageTarget {
  /** Writes all of `bytes` at `offset`. */
  write(bytes: Uint8Array, offset: number): Promise<void>;
}

/**
 * Writes the pages of one RAMBlock, in any order and any number of times. Each
 * page has a fixed place: writing it again overwrites it, with zeros as well.
 * The bit of a zero page is clear.
 *
 * Await the write of a page before writing it again.
 */
export class RAMBlockWriter {
  /** QEMU's name of the block. */
  readonly idstr: string;
  /** Bytes of RAM in the block. */
  readonly usedLength: number;
  /** Size of a page in bytes. */
  readonly pageSize: number;
  /** Number of pages. */
  readonly pageCount: number;
  /** Offset of page 0 in the file. */
  readonly pagesOffset: number;
  readonly #header: MappedRamHeader;
  readonly #target: PageTarget;
  readonly #loadBitmap: () => Promise<PageBitmap>;
  /** Whether the caller clears the old bytes of pages that become zero. */
  readonly #keepsOld: boolean;
  #bitmap: Promise<PageBitmap> | undefined;

  /** Use `SnapshotWriter.block` instead. */
  constructor(
    block: MappedRamHeader & {
      readonly idstr: string;
      readonly usedLength: number;
    },
    target: PageTarget,
    { loadBitmap, keepsOld = false }: {
      readonly loadBitmap: () => Promise<PageBitmap>;
      readonly keepsOld?: boolean;
    },
  ) {
    this.idstr = block.idstr;
    this.usedLength = block.usedLength;
    this.pageSize = block.pageSize;
    this.pageCount = pageCountOf(block.usedLength, block.pageSize);
    this.pagesOffset = block.pagesOffset;
    this.#header = block;
    this.#target = target;
    this.#loadBitmap = loadBitmap;
    this.#keepsOld = keepsOld;
  }

  /** Writes a page. Returns whether it is stored: a zero page is not. */
  async writePage(pageIndex: number, bytes: Uint8Array): Promise<boolean> {
    this.#checkPages(pageIndex, 1, bytes);
    const nonZero = isZero(bytes) ? [] : ONE_PAGE;
    await this.#store(pageIndex, bytes, nonZero);
    return nonZero.length > 0;
  }

  /**
   * Writes the pages from `first` on whose bit is set in `nonZero`, one write
   * per run, and clears the bits of the others. `bytes` holds all of the pages.
   */
  async writePages(
    first: number,
    { bytes, nonZero }: PageBatch,
  ): Promise<void> {
    this.#checkPages(first, nonZero.pageCount, bytes);
    await this.#store(first, bytes, nonZero.runs());
  }

  async #store(
    first: number,
    bytes: Uint8Array,
    nonZero: Iterable<PageRun>,
  ): Promise<void> {
    const { pageSize } = this;
    const words = sharedWords(await this.bitmap());
    const end = first + bytes.length / pageSize;
    for (const part of storePages(words, { first, end, nonZero })) {
      if (part.isZero && this.#keepsOld) continue;
      await this.#target.write(
        bytes.subarray(
          (part.first - first) * pageSize,
          (part.end - first) * pageSize,
        ),
        pageOffset(this.#header, part.first),
      );
    }
  }

  /** Returns how many pages are stored so far. */
  async presentCount(): Promise<number> {
    return (await this.bitmap()).count();
  }

  /**
   * Returns a share with which other threads can write pages of the block, by
   * `SharedBlockWriter`. They must finish before the snapshot is finished.
   *
   * @throws {SourceError} if the sink is not a local file
   */
  async share(): Promise<BlockShare> {
    const { idstr, pageSize, pageCount, pagesOffset } = this;
    const bits = sharedWords(await this.bitmap());
    const file = backingOf(this.#target);
    if (file?.kind === "file") {
      return { idstr, pageSize, pageCount, pagesOffset, file, bits };
    }
    throw new SourceError(
      idstr,
      `Cannot share RAMBlock ${
        JSON.stringify(idstr)
      }: its sink is not a local file`,
    );
  }

  /** Writes the bitmap if any page was written. */
  async writeBitmap(order: BitmapOrder): Promise<void> {
    if (this.#bitmap === undefined) return;
    const { bytes } = await this.#bitmap;
    const length = bitmapByteLength(this.pageCount, order.wordSize);
    const words = new Uint8Array(length);
    words.set(bytes.subarray(0, length));
    toLsb0(words, order); // This function is its own inverse.
    await this.#target.write(words, this.#header.bitmapOffset);
  }

  /** Returns the bitmap of the pages stored so far. */
  bitmap(): Promise<PageBitmap> {
    if (this.#bitmap === undefined) {
      this.#bitmap = this.#loadBitmap();
      // A failure is not cached: the next call retries.
      this.#bitmap.catch(() => this.#bitmap = undefined);
    }
    return this.#bitmap;
  }

  #checkPages(first: number, count: number, bytes: Uint8Array): void {
    const inside = Number.isInteger(first) && first >= 0 &&
      first + count <= this.pageCount;
    if (!inside || bytes.length !== count * this.pageSize) {
      throw new RangeError(
        `Cannot write ${bytes.length} bytes at page ${first} of ` +
          `${JSON.stringify(this.idstr)}: expected ${count} × ` +
          `${this.pageSize} bytes inside ${this.pageCount} pages`,
      );
    }
  }
}
