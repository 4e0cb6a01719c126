import { pageCountOf, type PageRun } from "../../format/bitmap/mod.ts";
import type { StreamBlock } from "../../format/sequential/mod.ts";
import type { RunOptions } from "../reading/mod.ts";
import type { ByteSource, ReadOptions } from "../sources/mod.ts";
import type { SequentialIndex } from "./sequential_index.ts";

/** Bytes of the word between consecutive pages of a RAMBlock in the stream. */
const WORD = 8;
/** Maximum pages read together when they are adjacent in the stream. */
const TOGETHER_MAX = 64;

/**
 * A RAMBlock of a sequential stream, read by page or by range. It is itself a
 * source of `usedLength` bytes.
 */
export class SequentialBlock implements ByteSource {
  /** QEMU's name of the block: `pc.ram`. */
  readonly idstr: string;
  /** Bytes of RAM in the block. */
  readonly usedLength: number;
  /** Size of a page in bytes. */
  readonly pageSize: number;
  /** Number of pages in the block. */
  readonly pageCount: number;
  /** Name for errors: that of the source and the idstr. */
  readonly name: string;
  /** Same as {@linkcode usedLength}: the block as a source. */
  readonly byteLength: number;
  /** As in the source that the block is read from. */
  readonly checkUnchanged: ByteSource["checkUnchanged"];
  readonly #source: ByteSource;
  readonly #index: SequentialIndex;
  readonly #block: StreamBlock;

  /** Called by `openSequential`. */
  constructor(
    source: ByteSource,
    { index, block }: {
      readonly index: SequentialIndex;
      readonly block: StreamBlock;
    },
  ) {
    this.idstr = block.idstr;
    this.usedLength = block.usedLength;
    this.byteLength = block.usedLength;
    this.pageSize = index.head.pageSize;
    this.pageCount = pageCountOf(this.usedLength, this.pageSize);
    this.name = `${source.name}, RAMBlock "${block.idstr}"`;
    this.checkUnchanged = source.checkUnchanged?.bind(source);
    this.#source = source;
    this.#index = index;
    this.#block = block;
  }

  /** Whether the stream has a page that may be nonzero. */
  hasPage(pageIndex: number): boolean {
    this.#checkRange(pageIndex * this.pageSize, this.pageSize);
    return this.#index.entry(this.#block, pageIndex) !== undefined;
  }

  /** Yields the runs of pages that the stream stores, in order. */
  async *presentRuns(options: RunOptions = {}): AsyncGenerator<PageRun> {
    const { first = 0, end = this.pageCount } = options;
    const next = (from: number, present: boolean) =>
      this.#index.next(this.#block, { first: from, end }, present);
    for (let from = next(first, true); from < end;) {
      const until = next(from, false);
      yield { first: from, end: until };
      from = next(until, true);
    }
  }

  /** Reads a page into a new buffer. */
  async readPage(
    pageIndex: number,
    options?: ReadOptions,
  ): Promise<Uint8Array> {
    const page = new Uint8Array(this.pageSize);
    await this.readInto(page, pageIndex * this.pageSize, options);
    return page;
  }

  /** Fills `target` with the bytes of the block from `offset` on. */
  async readInto(
    target: Uint8Array,
    offset: number,
    options: ReadOptions = {},
  ): Promise<void> {
    this.#checkRange(offset, target.length);
    const { pageSize } = this;
    const end = offset + target.length;
    for (let at = offset; at < end;) {
      options.signal?.throwIfAborted();
      const pageIndex = Math.floor(at / pageSize);
      const start = at - pageIndex * pageSize;
      const length = Math.min(pageSize - start, end - at);
      const part = target.subarray(at - offset, at - offset + length);
      if (length === pageSize) {
        const pageCount = Math.floor((end - at) / pageSize);
        const pages = target.subarray(
          at - offset,
          at - offset + pageCount * pageSize,
        );
        at += pageSize * await this.#readPages(pages, pageIndex, options);
      } else {
        const page = new Uint8Array(pageSize);
        await this.#readPages(page, pageIndex, options);
        part.set(page.subarray(start, start + length));
        at += length;
      }
    }
  }

  #checkRange(offset: number, length: number): void {
    const valid = Number.isSafeInteger(offset) && offset >= 0 &&
      offset + length <= this.usedLength;
    if (valid) return;
    throw new RangeError(
      `Cannot read ${length} bytes at ${offset} of ${
        JSON.stringify(this.name)
      }: ` +
        `it has ${this.usedLength} bytes`,
    );
  }

  /** Reads as many of these pages as one read allows; returns how many. */
  async #readPages(
    target: Uint8Array,
    first: number,
    options: ReadOptions,
  ): Promise<number> {
    const { pageSize } = this;
    const index = this.#index;
    const block = this.#block;
    const entry = index.entry(block, first);
    const countMax = Math.min(TOGETHER_MAX, target.length / pageSize);
    let count = 1;
    if (entry === undefined) {
      const all = { first, end: first + target.length / pageSize };
      const end = index.next(block, all, true);
      target.fill(0, 0, (end - first) * pageSize);
      return end - first;
    }
    const stride = pageSize + WORD;
    while (count < countMax) {
      const next = index.entry(block, first + count);
      if (
        next?.kind !== "page" || entry.kind !== "page" ||
        next.offset !== entry.offset + count * stride
      ) break;
      count++;
    }
    if (count === 1) {
      const page = target.subarray(0, pageSize);
      await index.readPage(block, entry, page, options);
      return 1;
    }
    const bytes = new Uint8Array(count * stride - WORD);
    await this.#source.readInto(bytes, entry.offset, options);
    for (let page = 0; page < count; page++) {
      const from = page * stride;
      target.set(bytes.subarray(from, from + pageSize), page * pageSize);
    }
    return count;
  }
}
