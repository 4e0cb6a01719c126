import type { PageRun } from "../../format/bitmap/mod.ts";
import { RamRecordWriter } from "../../format/sequential/mod.ts";
import type { ReadOptions, SourceReadOptions } from "../sources/mod.ts";
import type { PostcopyBlock } from "./postcopy_block.ts";

/**
 * Reads host pages of a RAMBlock and encodes them as RAM records: the bytes of
 * pages that the snapshot stores, a zero record for the others.
 */
export class PageRecords {
  readonly #records: RamRecordWriter;
  readonly #staging: Uint8Array;
  #runs: readonly PageRun[] = [];

  /** Has room for `pageCount` pages of `pageSize` bytes. */
  constructor(pageCount: number, pageSize: number) {
    this.#records = new RamRecordWriter(pageCount, pageSize);
    this.#staging = new Uint8Array(pageCount === 1 ? 0 : pageCount * pageSize);
  }

  /** Reads one page directly into the buffer that is sent. */
  async readOne(
    { block }: PostcopyBlock,
    pageIndex: number,
    options: ReadOptions & { readonly sectionId: number | undefined },
  ): Promise<Uint8Array> {
    const { sectionId } = options;
    const offset = pageIndex * block.pageSize;
    this.#records.start(sectionId);
    const target = this.#records.page(block.idstr, offset);
    if (!await block.readPageInto(target, pageIndex, options)) {
      this.#records.start(sectionId);
      this.#records.zero(block.idstr, offset);
    }
    return this.#records.finish(sectionId);
  }

  /** Reads runs of pages, in order, for {@linkcode encode}. */
  async read(
    { block }: PostcopyBlock,
    runs: readonly PageRun[],
    options: SourceReadOptions,
  ): Promise<void> {
    await block.readRunsInto(this.#staging, runs, options);
    this.#runs = runs;
  }

  /**
   * Returns the records of all pages of `parts`, each of which lies in one of
   * the runs read last; pages not in the snapshot are zero records.
   */
  async encode(
    { block }: PostcopyBlock,
    parts: readonly PageRun[],
    options: ReadOptions & { readonly sectionId: number | undefined },
  ): Promise<Uint8Array> {
    const { idstr, pageSize } = block;
    this.#records.start(options.sectionId);
    for (const part of parts) {
      const staged = this.#stagedFrom(part, pageSize);
      let page = part.first;
      for await (const present of block.presentRuns({ ...options, ...part })) {
        this.#zeros(idstr, pageSize, { first: page, end: present.first });
        for (page = present.first; page < present.end; page++) {
          const start = (page - part.first) * pageSize;
          this.#records.page(idstr, page * pageSize)
            .set(staged.subarray(start, start + pageSize));
        }
      }
      this.#zeros(idstr, pageSize, { first: page, end: part.end });
    }
    return this.#records.finish(options.sectionId);
  }

  /** Returns the bytes read, from the first page of a part on. */
  #stagedFrom({ first }: PageRun, pageSize: number): Uint8Array {
    let position = 0;
    for (const run of this.#runs) {
      if (first >= run.first && first < run.end) {
        return this.#staging.subarray(
          position + (first - run.first) * pageSize,
        );
      }
      position += (run.end - run.first) * pageSize;
    }
    throw new RangeError(`Cannot send page ${first}: it was not read`);
  }

  #zeros(idstr: string, pageSize: number, { first, end }: PageRun): void {
    for (let page = first; page < end; page++) {
      this.#records.zero(idstr, page * pageSize);
    }
  }
}
