import { type PageRun, pageRunRange, type Walk } from "../../format/mod.ts";
import {
  type ByteSource,
  drive,
  type ReadOptions,
  type ReadPart,
  type SourceReadOptions,
  type TakeBytes,
} from "../sources/mod.ts";
import { CHUNK, PARALLEL_CHUNK } from "../work/mod.ts";
import type { BlockPages } from "./block_pages.ts";

/** Reads of many runs of a RAMBlock's pages at a time. */
export class BlockRuns {
  readonly #source: ByteSource;
  readonly #pages: BlockPages;

  /** Of the block whose `pages` stand in `source`. */
  constructor(source: ByteSource, pages: BlockPages) {
    this.#source = source;
    this.#pages = pages;
  }

  /** Fills `target` with runs of pages, one behind the other. */
  async readInto(
    target: Uint8Array,
    runs: readonly PageRun[],
    options?: SourceReadOptions,
  ): Promise<void> {
    const stored: ReadPart[] = [];
    let position = 0;
    for (const { first, end } of runs) {
      const length = (end - first) * this.#pages.pageSize;
      const part = target.subarray(position, position + length);
      // A run that ends before it starts is no run either.
      if (part.length !== length) {
        throw new RangeError(
          `Cannot read pages ${first} to ${end} of ${this.#pages.name}: they ` +
            `are not within the ${target.length} bytes of the target`,
        );
      }
      // The walk zeroes what is not there, and asks for the rest.
      const walk = this.#pages.rangeWalk(part, first * this.#pages.pageSize);
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

  /** Hands over the bytes of runs of pages, all of them in the file. */
  async stream(
    runs: readonly PageRun[],
    take: TakeBytes,
    options?: SourceReadOptions,
  ): Promise<void> {
    for (const run of runs) await this.#checkPresent(run, options);
    const ranges = runs.map((run) => pageRunRange(this.#pages, run));
    if (this.#source.streamRanges !== undefined) {
      await this.#source.streamRanges(
        ranges,
        (bytes, offset) => take(bytes, offset - this.#pages.pagesOffset),
        options,
      );
      return;
    }
    const length = ranges.reduce((most, it) => Math.max(most, it.length), 0);
    const most = this.#source.parallelReads === undefined
      ? CHUNK
      : PARALLEL_CHUNK;
    const piece = new Uint8Array(Math.min(most, length));
    for (const range of ranges) {
      for (let at = 0; at < range.length; at += piece.length) {
        const bytes = piece.subarray(0, range.length - at);
        await this.#source.readInto(bytes, range.offset + at, options);
        await take(bytes, range.offset + at - this.#pages.pagesOffset);
      }
    }
  }

  async #checkPresent(run: PageRun, options?: ReadOptions): Promise<void> {
    const { first, end } = run;
    const found = await drive(
      this.#pages.bitmap.nextRun(first, this.#pages.runEnd(run)),
      this.#source,
      options,
    );
    if (found?.first === first && found.end === end) return;
    throw new RangeError(
      `Cannot stream pages ${first} to ${end} of ${this.#pages.name}: ` +
        "the file does not hold all of them",
    );
  }

  /** The requests of a walk that have a target; the others are answered. */
  async *#requests(
    walk: Walk<void>,
    options: SourceReadOptions | undefined,
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
}
