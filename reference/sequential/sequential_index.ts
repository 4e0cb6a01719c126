import { pageCountOf, type PageRun } from "../../format/bitmap/mod.ts";
import { FormatError } from "../../format/rules/mod.ts";
import type {
  RamRecord,
  SequentialHead,
  SequentialVisitor,
  StreamBlock,
} from "../../format/sequential/mod.ts";
import { ScratchStore } from "../scratch/mod.ts";
import type { ByteSource, ReadOptions } from "../sources/mod.ts";
import { checkedXbzrle } from "./checked_xbzrle.ts";
import { inflatePage } from "./inflate_page.ts";
import { type PageEntry, RecordPageTable } from "./record_page_table.ts";

/** The 4 bytes before a compressed page hold its length. */
const LENGTH_BYTES = 4;

/**
 * Index of the last occurrence of each page in a sequential stream, built in
 * one pass. A page made by deltas is assembled in scratch, where it has one
 * place however many deltas arrive.
 */
export class SequentialIndex implements SequentialVisitor, Disposable {
  readonly #source: ByteSource;
  readonly #scratch: ScratchStore;
  /** Table of the pages of all blocks, one block after the other. */
  readonly #table: RecordPageTable;
  readonly #pending: RamRecord[] = [];
  /** Where each block starts in the table. */
  #starts: readonly number[] = [];
  #head: SequentialHead | undefined;

  /** Indexes a stream in `source`; keeps about `memoryMax` bytes in memory. */
  constructor(source: ByteSource, memoryMax: number) {
    this.#source = source;
    this.#scratch = new ScratchStore(memoryMax / 2);
    this.#table = new RecordPageTable(memoryMax / 2);
  }

  /** The items before the first record. */
  get head(): SequentialHead {
    if (this.#head !== undefined) return this.#head;
    throw new TypeError("Cannot use an index before its head has been read");
  }

  /** Stores the head. */
  begin(head: SequentialHead): void {
    this.#head = head;
    let count = 0;
    this.#starts = head.blocks.map(({ usedLength }) => {
      const start = count;
      count += pageCountOf(usedLength, head.pageSize);
      return start;
    });
  }

  /** Adds a record. */
  record(record: RamRecord): void {
    // While a delta waits, all later records wait too: the last one wins.
    if (record.kind === "xbzrle" || this.#pending.length > 0) {
      this.#pending.push(record);
    } else this.#set(record);
  }

  /** State is read from its place. */
  state(): void {}

  /** Applies the pending deltas. */
  async settle(): Promise<void> {
    if (this.#pending.length === 0) return;
    const page = new Uint8Array(this.head.pageSize);
    for (const record of this.#pending.splice(0)) {
      if (record.kind === "xbzrle") await this.#applyDelta(record, page);
      else this.#set(record);
    }
  }

  /** Returns where a page is; undefined for a zero page. */
  entry({ index }: StreamBlock, pageIndex: number): PageEntry | undefined {
    return this.#table.get(this.#starts[index] + pageIndex);
  }

  /** Returns the first page that has an entry, or has none; else `end`. */
  next(
    { index }: StreamBlock,
    { first, end }: PageRun,
    present: boolean,
  ): number {
    const start = this.#starts[index];
    return this.#table.next(start + first, start + end, present) - start;
  }

  /** Reads a page that has an entry. */
  async readPage(
    block: StreamBlock,
    entry: PageEntry,
    target: Uint8Array,
    options?: ReadOptions,
  ): Promise<void> {
    if (entry.kind === "scratch") this.#scratch.read(target, entry.offset);
    else if (entry.kind === "page") {
      await this.#source.readInto(target, entry.offset, options);
    } else await this.#readCompressed(block, entry.offset, target, options);
  }

  /** Releases memory and scratch. */
  [Symbol.dispose](): void {
    this.#table[Symbol.dispose]();
    this.#scratch[Symbol.dispose]();
  }

  #set({ kind, block, pageIndex, offset }: RamRecord): void {
    const page = this.#starts[block.index] + pageIndex;
    const isStored = kind === "page" || kind === "compressed";
    this.#table.set(page, isStored ? { kind, offset } : undefined);
  }

  async #applyDelta(record: RamRecord, page: Uint8Array): Promise<void> {
    const { block, pageIndex } = record;
    const entry = this.entry(block, pageIndex);
    if (entry === undefined) page.fill(0);
    else await this.readPage(block, entry, page);
    checkedXbzrle(page, record, this.#source.name);
    const offset = entry?.kind === "scratch"
      ? entry.offset
      : this.#scratch.byteLength;
    this.#scratch.write(page, offset);
    this.#table.set(this.#starts[block.index] + pageIndex, {
      kind: "scratch",
      offset,
    });
  }

  async #readCompressed(
    { idstr }: StreamBlock,
    offset: number,
    target: Uint8Array,
    options: ReadOptions | undefined,
  ): Promise<void> {
    const source = this.#source;
    const head = new Uint8Array(LENGTH_BYTES);
    await source.readInto(head, offset - LENGTH_BYTES, options);
    const length = new DataView(head.buffer).getUint32(0);
    // The length was checked while indexing; the file must have changed since.
    if (length > 2 * target.length + 64) {
      throw new FormatError(source.name, {
        rule: "record-compressed",
        offset: offset - LENGTH_BYTES,
        idstr,
        found: `a compressed page of ${length} bytes`,
        expected: `the length it had before`,
      });
    }
    const data = new Uint8Array(length);
    await source.readInto(data, offset, options);
    await inflatePage({ data, offset, idstr, fileName: source.name }, target);
  }
}
