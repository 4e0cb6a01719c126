import {
  type BitmapOrder,
  BitmapPieces,
  type ByteRange,
  FormatError,
  pageCountOf,
  pageOffset,
  type PageRun,
  pageRunRange,
  type RAMBlockHeader,
  readBlockRange,
  UnsupportedError,
  type Walk,
} from "../format/mod.ts";
import { drive } from "./drive.ts";
import type {
  ByteSource,
  ReadOptions,
  ReadPart,
} from "./sources/byte_source.ts";

/** Which pages to look at: `first` up to, but not including, `end`. */
export interface RunOptions extends ReadOptions {
  /** The first page. Default: 0. */
  readonly first?: number;
  /** The page behind the last. Default: the page count. */
  readonly end?: number;
}

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
  /**
   * The bits, fetched by pieces.
   * @internal
   */
  protected readonly bitmap: BitmapPieces;
  readonly #source: ByteSource;
  readonly #entryOffset: number;

  /** Made by `openSnapshot`. */
  constructor(source: ByteSource, header: RAMBlockHeader, order: BitmapOrder) {
    this.idstr = header.idstr;
    this.usedLength = header.usedLength;
    this.pageSize = header.pageSize;
    this.pageCount = pageCountOf(header.usedLength, header.pageSize);
    this.bitmapOffset = header.bitmapOffset;
    this.pagesOffset = header.pagesOffset;
    this.ignored = header.ignored;
    this.name = `${source.name}#${header.idstr}`;
    this.byteLength = header.usedLength;
    this.parallelReads = source.parallelReads;
    this.bitmap = new BitmapPieces(
      this.pageCount,
      header.bitmapOffset,
      order,
    );
    this.#source = source;
    this.#entryOffset = header.entry.offset;
  }

  /** Whether the file holds a page; the others are all zero (`clear-bit-zero`). */
  async hasPage(pageIndex: number, options?: ReadOptions): Promise<boolean> {
    this.checkPage(pageIndex);
    return this.bitmap.peek(pageIndex) ??
      await drive(this.bitmap.isSet(pageIndex), this.#source, options);
  }

  /** Where a page stands in the file; undefined for a zero page. */
  async pageRange(
    pageIndex: number,
    options?: ReadOptions,
  ): Promise<ByteRange | undefined> {
    const present = await this.hasPage(pageIndex, options);
    return present ? this.rangeOf(pageIndex) : undefined;
  }

  /** The runs of pages that the file holds, in order. */
  async *presentRuns(options: RunOptions = {}): AsyncGenerator<PageRun> {
    const end = this.runEnd(options);
    for (let from = options.first ?? 0;;) {
      const run = await drive(
        this.bitmap.nextRun(from, end),
        this.#source,
        options,
      );
      if (run === undefined) return;
      yield run;
      from = run.end;
    }
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
    this.checkTarget(target);
    this.checkPage(pageIndex);
    const present = this.bitmap.peek(pageIndex) ??
      await this.hasPage(pageIndex, options);
    if (present) {
      const end = this.bitmap.peekRunEnd(pageIndex);
      await this.#source.readInto(target, pageOffset(this, pageIndex), {
        ...options,
        wantedUntil: pageOffset(this, end),
      });
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
    this.checkRange(range.offset, range.length);
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
    options?: ReadOptions,
  ): Promise<void> {
    const stored: ReadPart[] = [];
    let position = 0;
    for (const { first, end } of runs) {
      const length = (end - first) * this.pageSize;
      const part = target.subarray(position, position + length);
      if (part.length < length) {
        throw new RangeError(
          `Cannot read runs of ${this.name}: they have more than the ` +
            `${target.length} bytes of the target`,
        );
      }
      // The walk zeroes what is not there, and asks for the rest.
      const walk = this.rangeWalk(part, first * this.pageSize);
      for await (const wanted of this.#requests(walk, options)) {
        stored.push(wanted);
      }
      position += length;
    }
    if (this.#source.readParts !== undefined) {
      await this.#source.readParts(stored, options);
    } else {
      for (const { target, offset } of stored) {
        await this.#source.readInto(target, offset, options);
      }
    }
  }

  /**
   * Reads `target.length` bytes of the block from `offset` on: one read of the
   * file for each run of pages that it holds, zeros for the rest.
   */
  async readInto(
    target: Uint8Array,
    offset: number,
    options?: ReadOptions,
  ): Promise<void> {
    await drive(this.rangeWalk(target, offset), this.#source, options);
  }

  /**
   * What is wrong with the bits behind the last page, which a writer must clear
   * (`bitmap-padding-clear`) and a reader ignores; undefined if nothing is.
   */
  async paddingFinding(
    options?: ReadOptions,
  ): Promise<FormatError | undefined> {
    const clear = this.ignored ||
      await drive(this.bitmap.isPaddingClear(), this.#source, options);
    return clear ? undefined : new FormatError(this.#source.name, {
      rule: "bitmap-padding-clear",
      offset: this.bitmapOffset,
      idstr: this.idstr,
      found: `bits are set behind page ${this.pageCount - 1}`,
      expected: "clear bits",
    });
  }

  /**
   * The walk that fills `target` from `offset` on.
   * @internal
   */
  protected rangeWalk(target: Uint8Array, offset: number): Walk<void> {
    this.checkRange(offset, target.length);
    return readBlockRange(this, this.bitmap, target, offset);
  }

  /** Where a page stands in the file, if it does. */
  protected rangeOf(pageIndex: number): ByteRange {
    return pageRunRange(this, { first: pageIndex, end: pageIndex + 1 });
  }

  /** The end of a look at runs, checked; 0 where there is nothing to look at. */
  protected runEnd(options: RunOptions): number {
    const { first = 0, end = this.pageCount } = options;
    if (!(first >= 0 && first <= end && end <= this.pageCount)) {
      throw new RangeError(
        `Cannot look at pages ${first} to ${end} of ${this.name}: ` +
          `it has ${this.pageCount} pages`,
      );
    }
    return this.ignored ? 0 : end;
  }

  /** Refuses a page that the block does not have. */
  protected checkPage(pageIndex: number): void {
    const inside = Number.isInteger(pageIndex) && pageIndex >= 0 &&
      pageIndex < this.pageCount;
    if (!inside) {
      throw new RangeError(
        `Cannot read page ${pageIndex} of ${this.name}: ` +
          `it has ${this.pageCount} pages`,
      );
    }
    this.#checkNotIgnored();
  }

  /** Refuses a target that is not as large as a page. */
  protected checkTarget(target: Uint8Array): void {
    if (target.length === this.pageSize) return;
    throw new RangeError(
      `Cannot read a page of ${this.name}: the target has ${target.length} ` +
        `bytes, expected ${this.pageSize}`,
    );
  }

  /** Refuses a range that the block does not have. */
  protected checkRange(offset: number, length: number): void {
    const inside = Number.isInteger(offset) && Number.isInteger(length) &&
      offset >= 0 && length >= 0 && offset + length <= this.usedLength;
    if (!inside) {
      throw new RangeError(
        `Cannot read ${length} bytes at ${offset} of ${this.name}: ` +
          `it has ${this.usedLength} bytes`,
      );
    }
    this.#checkNotIgnored();
  }

  /** The requests of a walk that have a target; the others are answered. */
  async *#requests(
    walk: Walk<void>,
    options: ReadOptions | undefined,
  ): AsyncGenerator<ReadPart> {
    let step = walk.next();
    while (!step.done) {
      const { offset, length, target } = step.value;
      const bytes = target ?? new Uint8Array(length);
      if (target === undefined) {
        await this.#source.readInto(bytes, offset, options);
      } else yield { offset, target };
      step = walk.next(bytes);
    }
  }

  #checkNotIgnored(): void {
    if (!this.ignored) return;
    throw new UnsupportedError(this.#source.name, {
      rule: "ignored-block",
      feature: "pages that x-ignore-shared left in shared memory",
      offset: this.#entryOffset,
      idstr: this.idstr,
      found: "a RAMBlock without pages",
      expected: "the memory that it was shared from",
    });
  }
}
