import { type PageRun, RamRecordWriter } from "../../format/mod.ts";
import type { ReadOptions } from "../sources/byte_source.ts";
import type { PostcopyBlock } from "./postcopy_block.ts";

/**
 * Reads host pages of a RAMBlock and puts them into RAM records: bytes for the
 * pages that the snapshot has, a zero record for the others.
 */
export class PageRecords {
  readonly #records: RamRecordWriter;
  readonly #staging: Uint8Array;

  /** For at most `pageCount` pages of `pageSize` bytes at a time. */
  constructor(pageCount: number, pageSize: number) {
    this.#records = new RamRecordWriter(pageCount, pageSize);
    this.#staging = new Uint8Array(pageCount === 1 ? 0 : pageCount * pageSize);
  }

  /** One page, read right to where it is sent from. */
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

  /** Reads the pages of a run; {@linkcode encode} takes from them. */
  async read(
    { block }: PostcopyBlock,
    run: PageRun,
    options: ReadOptions,
  ): Promise<void> {
    const length = (run.end - run.first) * block.pageSize;
    const target = this.#staging.subarray(0, length);
    await block.readInto(target, run.first * block.pageSize, options);
  }

  /**
   * The records of some pages of the run read last: all pages of `parts`, each
   * in order, those not in the snapshot as zeros.
   */
  async encode(
    { block }: PostcopyBlock,
    run: PageRun,
    options: ReadOptions & {
      readonly parts: readonly PageRun[];
      readonly sectionId: number | undefined;
    },
  ): Promise<Uint8Array> {
    const { idstr, pageSize } = block;
    this.#records.start(options.sectionId);
    for (const part of options.parts) {
      let page = part.first;
      for await (const present of block.presentRuns({ ...options, ...part })) {
        this.#zeros(idstr, pageSize, { first: page, end: present.first });
        for (page = present.first; page < present.end; page++) {
          const start = (page - run.first) * pageSize;
          this.#records.page(idstr, page * pageSize)
            .set(this.#staging.subarray(start, start + pageSize));
        }
      }
      this.#zeros(idstr, pageSize, { first: page, end: part.end });
    }
    return this.#records.finish(options.sectionId);
  }

  #zeros(idstr: string, pageSize: number, { first, end }: PageRun): void {
    for (let page = first; page < end; page++) {
      this.#records.zero(idstr, page * pageSize);
    }
  }
}
