import {
  type BitmapOrder,
  PageBitmap,
  pageOffset,
  type PageRun,
} from "../../format/bitmap/mod.ts";
import type { ByteRange } from "../../format/bytes/mod.ts";
import type { RAMBlockHeader } from "../../format/ram/mod.ts";
import { FormatError } from "../../format/rules/mod.ts";
import {
  backingOf,
  type ByteSource,
  drive,
  type ReadOptions,
  setBacking,
  type SourceReadOptions,
  type TakeBytes,
} from "../sources/mod.ts";
import { BlockPages, type RunOptions } from "./block_pages.ts";
import { BlockRuns } from "./block_runs.ts";

/**
 * One RAMBlock of an open snapshot, read by pages or ranges.
 *
 * It is itself a source of `usedLength` bytes, so that it can be saved again,
 * exported, or compared.
 */
export class RAMBlock implements ByteSource {
  /** QEMU's name of the block: `pc.ram`. */
  readonly idstr: string;
  /** Bytes of RAM in the block. */
  readonly usedLength: number;
  /** Size of a page in bytes. */
  readonly pageSize: number;
  /** Number of pages of the block. */
  readonly pageCount: number;
  /** Position of the bitmap in the file. */
  readonly bitmapOffset: number;
  /** Position of page 0 in the file. */
  readonly pagesOffset: number;
  /** Whether `x-ignore-shared` has left the pages out: they cannot be read. */
  readonly ignored: boolean;
  /** Name in errors: that of the source, and the idstr. */
  readonly name: string;
  /** Same as {@linkcode usedLength}. */
  readonly byteLength: number;
  /** Same as of the source that the block is read from. */
  readonly parallelReads: number | undefined;
  /** Same as of the source that the block is read from. */
  readonly checkUnchanged: ByteSource["checkUnchanged"];
  /** Same as of the source that the block is read from. */
  readonly willNeed: ByteSource["willNeed"];
  /**
   * Places of the pages, and which of them are in the file.
   * @internal
   */
  protected readonly pages: BlockPages;
  readonly #source: ByteSource;
  /** Whether the source can use what else will be read. */
  readonly #isSlow: boolean;
  readonly #runs: BlockRuns;

  /** Called by `openSnapshot`. */
  constructor(
    source: ByteSource,
    header: RAMBlockHeader,
    { order }: { readonly order: BitmapOrder },
  ) {
    this.idstr = header.idstr;
    this.usedLength = header.usedLength;
    this.pageSize = header.pageSize;
    this.bitmapOffset = header.bitmapOffset;
    this.pagesOffset = header.pagesOffset;
    this.ignored = header.ignored;
    this.byteLength = header.usedLength;
    this.parallelReads = source.parallelReads;
    this.checkUnchanged = source.checkUnchanged?.bind(source);
    this.willNeed = source.willNeed &&
      (({ offset, length }) =>
        source.willNeed?.({ offset: header.pagesOffset + offset, length }));
    this.pages = new BlockPages(source.name, header, order);
    this.name = this.pages.name;
    this.pageCount = this.pages.pageCount;
    this.#source = source;
    this.#isSlow = (source.parallelReads ?? 1) > 1;
    this.#runs = new BlockRuns(source, this.pages);
    const backing = backingOf(source);
    if (backing !== undefined) setBacking(this, { ...backing, isPart: true });
  }

  /** Whether the file holds a page; others are all zero (`clear-bit-zero`). */
  async hasPage(pageIndex: number, options?: ReadOptions): Promise<boolean> {
    this.pages.checkPage(pageIndex);
    return this.pages.bitmap.peek(pageIndex) ??
      await drive(this.pages.bitmap.isSet(pageIndex), this.#source, options);
  }

  /** Returns the range of a page in the file; undefined for a zero page. */
  async pageRange(
    pageIndex: number,
    options?: ReadOptions,
  ): Promise<ByteRange | undefined> {
    const present = await this.hasPage(pageIndex, options);
    return present ? this.pages.rangeOf(pageIndex) : undefined;
  }

  /**
   * Yields the runs of pages that the file holds, in order.
   *
   * @throws {UnsupportedError} if the block is `ignored`: its pages are not in
   * the file, but are not zero either
   */
  async *presentRuns(options: RunOptions = {}): AsyncGenerator<PageRun> {
    const end = this.pages.runEnd(options);
    for (let from = options.first ?? 0;;) {
      const run = await drive(
        this.pages.bitmap.nextRun(from, end),
        this.#source,
        options,
      );
      if (run === undefined) return;
      yield run;
      from = run.end;
    }
  }

  /** Counts the pages that the file holds; zero pages are not counted. */
  async countPresent(options: RunOptions = {}): Promise<number> {
    const end = this.pages.runEnd(options);
    const walk = this.pages.bitmap.count(options.first ?? 0, end);
    return await drive(walk, this.#source, options);
  }

  /** Sets the bits of the pages that the file holds in `target`; returns it. */
  async presentPages(
    target?: PageBitmap,
    options?: ReadOptions,
  ): Promise<PageBitmap> {
    // Before the memory for a block that takes no space in the file.
    this.pages.checkNotIgnored();
    const pages = target ?? new PageBitmap(this.pageCount);
    await drive(this.pages.bitmap.copyInto(pages), this.#source, options);
    return pages;
  }

  /** Reads a page into new memory. */
  async readPage(
    pageIndex: number,
    options?: ReadOptions,
  ): Promise<Uint8Array> {
    const page = new Uint8Array(this.pageSize);
    await this.readPageInto(page, pageIndex, options);
    return page;
  }

  /**
   * Reads a page into `target`, which must have the size of a page, or zeroes
   * it for a zero page. Returns whether the file holds the page.
   */
  async readPageInto(
    target: Uint8Array,
    pageIndex: number,
    options?: ReadOptions,
  ): Promise<boolean> {
    this.pages.checkTarget(target);
    this.pages.checkPage(pageIndex);
    try {
      const present = this.pages.bitmap.peek(pageIndex) ??
        await this.hasPage(pageIndex, options);
      if (present) {
        const offset = pageOffset(this, pageIndex);
        await this.#source.readInto(
          target,
          offset,
          this.#isSlow
            ? { ...options, wantedUntil: this.#runEnd(pageIndex) }
            : options,
        );
      } else {
        target.fill(0);
      }
      return present;
    } catch (error) {
      throw this.pages.withPage(error, pageIndex * this.pageSize);
    }
  }

  /** Reads a range of the block into new memory. */
  async readRange(
    range: ByteRange,
    options?: ReadOptions,
  ): Promise<Uint8Array> {
    this.pages.checkRange(range.offset, range.length);
    const target = new Uint8Array(range.length);
    await this.readInto(target, range.offset, options);
    return target;
  }

  /**
   * Reads runs of pages, one after the other, into `target`, with a single
   * request if the source supports that; zeros for pages not in the file.
   */
  async readRunsInto(
    target: Uint8Array,
    runs: readonly PageRun[],
    options?: SourceReadOptions,
  ): Promise<void> {
    try {
      await this.#runs.readInto(target, runs, options);
    } catch (error) {
      throw this.pages.withPage(error, (runs[0]?.first ?? 0) * this.pageSize);
    }
  }

  /**
   * Passes the bytes of runs of pages to `take`, with their offsets in the
   * block: as they arrive from a remote source, in pieces of a few hundred KiB
   * from others. The file must hold all of these pages, as the runs of
   * `presentRuns`. Bytes may be passed more than once: the last ones count.
   */
  async streamRuns(
    runs: readonly PageRun[],
    take: TakeBytes,
    options?: SourceReadOptions,
  ): Promise<void> {
    try {
      await this.#runs.stream(runs, take, options);
    } catch (error) {
      throw this.pages.withPage(error, (runs[0]?.first ?? 0) * this.pageSize);
    }
  }

  /**
   * Reads `target.length` bytes of the block from `offset` on, with one read of
   * the file for each run of pages that it holds; zeros for the rest.
   */
  async readInto(
    target: Uint8Array,
    offset: number,
    options?: SourceReadOptions,
  ): Promise<void> {
    try {
      await drive(this.pages.rangeWalk(target, offset), this.#source, options);
    } catch (error) {
      throw this.pages.withPage(error, offset);
    }
  }

  /**
   * Returns an error if bits after the last page are set, else undefined. A
   * writer must clear them (`bitmap-padding-clear`), and a reader ignores them.
   */
  async paddingFinding(
    options?: ReadOptions,
  ): Promise<FormatError | undefined> {
    const clear = this.ignored ||
      await drive(this.pages.bitmap.isPaddingClear(), this.#source, options);
    return clear ? undefined : new FormatError(this.#source.name, {
      rule: "bitmap-padding-clear",
      offset: this.bitmapOffset,
      idstr: this.idstr,
      found: `bits are set after page ${this.pageCount - 1}`,
      expected: "clear bits",
    });
  }

  /** Returns the file offset where the present pages end, as far as known. */
  #runEnd(pageIndex: number): number {
    return pageOffset(this, this.pages.bitmap.peekRunEnd(pageIndex));
  }
}
