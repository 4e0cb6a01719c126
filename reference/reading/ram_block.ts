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
 * One RAMBlock of an open snapshot, read a page or a range at a time.
 *
 * It is itself a source of `usedLength` bytes, so that it can be given wherever
 * memory is wanted: saved again, exported, compared.
 */
export class RAMBlock implements ByteSource {
  /** QEMU's name of the block: `pc.ram`. */
  readonly idstr: string;
  /** Bytes of RAM in the block. */
  readonly usedLength: number;
  /** Size of a page in bytes. */
  readonly pageSize: number;
  /** How many pages the block has. */
  readonly pageCount: number;
  /** Position of the bitmap in the file. */
  readonly bitmapOffset: number;
  /** Position of page 0 in the file. */
  readonly pagesOffset: number;
  /** True where `x-ignore-shared` left the pages out: nothing can be read. */
  readonly ignored: boolean;
  /** Name for errors: that of the source and the idstr. */
  readonly name: string;
  /** The same as {@linkcode usedLength}: the block as a source. */
  readonly byteLength: number;
  /** As of the source that the block is read from. */
  readonly parallelReads: number | undefined;
  /** As of the source that the block is read from. */
  readonly checkUnchanged: ByteSource["checkUnchanged"];
  /** As of the source that the block is read from. */
  readonly willNeed: ByteSource["willNeed"];
  /**
   * Where the pages stand, and which are there.
   * @internal
   */
  protected readonly pages: BlockPages;
  readonly #source: ByteSource;
  readonly #runs: BlockRuns;

  /** Made by `openSnapshot`. */
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
    this.checkUnchanged = source.checkUnchanged;
    this.willNeed = source.willNeed &&
      (({ offset, length }) =>
        source.willNeed?.({ offset: header.pagesOffset + offset, length }));
    this.pages = new BlockPages(source.name, header, order);
    this.name = this.pages.name;
    this.pageCount = this.pages.pageCount;
    this.#source = source;
    this.#runs = new BlockRuns(source, this.pages);
    const backing = backingOf(source);
    if (backing !== undefined) setBacking(this, backing);
  }

  /** Whether the file holds a page; the others are all zero (`clear-bit-zero`). */
  async hasPage(pageIndex: number, options?: ReadOptions): Promise<boolean> {
    this.pages.checkPage(pageIndex);
    return this.pages.bitmap.peek(pageIndex) ??
      await drive(this.pages.bitmap.isSet(pageIndex), this.#source, options);
  }

  /** Where a page stands in the file; undefined for a zero page. */
  async pageRange(
    pageIndex: number,
    options?: ReadOptions,
  ): Promise<ByteRange | undefined> {
    const present = await this.hasPage(pageIndex, options);
    return present ? this.pages.rangeOf(pageIndex) : undefined;
  }

  /**
   * The runs of pages that the file holds, in order.
   *
   * @throws {UnsupportedError} if the block is `ignored`: it does not hold them,
   * and that they are zero is not so
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

  /** Which pages the file holds, a bit a page: set in `target`, or a new bitmap. */
  async presentPages(
    target: PageBitmap = new PageBitmap(this.pageCount),
    options?: ReadOptions,
  ): Promise<PageBitmap> {
    this.pages.checkNotIgnored();
    await drive(this.pages.bitmap.copyInto(target), this.#source, options);
    return target;
  }

  /** Reads a page into memory of its own. */
  async readPage(
    pageIndex: number,
    options?: ReadOptions,
  ): Promise<Uint8Array> {
    const page = new Uint8Array(this.pageSize);
    await this.readPageInto(page, pageIndex, options);
    return page;
  }

  /**
   * Reads a page into `target`, which has the size of a page; it is zeroed for
   * a zero page. Returns whether the file holds the page.
   */
  async readPageInto(
    target: Uint8Array,
    pageIndex: number,
    options?: ReadOptions,
  ): Promise<boolean> {
    this.pages.checkTarget(target);
    this.pages.checkPage(pageIndex);
    const present = this.pages.bitmap.peek(pageIndex) ??
      await this.hasPage(pageIndex, options);
    if (present) {
      const offset = pageOffset(this, pageIndex);
      const far = this.parallelReads !== undefined;
      await this.#source.readInto(
        target,
        offset,
        far ? { ...options, wantedUntil: this.#runEnd(pageIndex) } : options,
      );
    } else {
      target.fill(0);
    }
    return present;
  }

  /** Reads `length` bytes of the block from `offset` on, into memory of its own. */
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
   * Reads runs of pages, one behind the other, into `target`: with one request
   * for all, where the source can do that; zeros for pages not in the file.
   */
  async readRunsInto(
    target: Uint8Array,
    runs: readonly PageRun[],
    options?: SourceReadOptions,
  ): Promise<void> {
    await this.#runs.readInto(target, runs, options);
  }

  /**
   * Hands over the bytes of runs of pages with where they stand in the block: as
   * they come in from a source far away, in pieces of some hundred KiB from
   * others. The file must hold all of these pages, as `presentRuns` tells. Bytes
   * may come more than once: the last ones count.
   */
  async streamRuns(
    runs: readonly PageRun[],
    take: TakeBytes,
    options?: SourceReadOptions,
  ): Promise<void> {
    await this.#runs.stream(runs, take, options);
  }

  /**
   * Reads `target.length` bytes of the block from `offset` on: one read of the
   * file for each run of pages that it holds, zeros for the rest.
   */
  async readInto(
    target: Uint8Array,
    offset: number,
    options?: SourceReadOptions,
  ): Promise<void> {
    await drive(this.pages.rangeWalk(target, offset), this.#source, options);
  }

  /**
   * What is wrong with the bits behind the last page, which a writer must clear
   * (`bitmap-padding-clear`) and a reader ignores; undefined if nothing is.
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
      found: `bits are set behind page ${this.pageCount - 1}`,
      expected: "clear bits",
    });
  }

  /** Where in the file the present pages end, as far as is known. */
  #runEnd(pageIndex: number): number {
    return pageOffset(this, this.pages.bitmap.peekRunEnd(pageIndex));
  }
}
