import { type PageRun, pageRunRange } from "../../format/bitmap/mod.ts";
import type { Walk } from "../../format/bytes/mod.ts";
import {
  type ByteSource,
  drive,
  type ReadOptions,
  readRanges,
  type SourceReadOptions,
  type TakeBytes,
} from "../sources/mod.ts";
import type { BlockPages } from "./block_pages.ts";

/** A part of the target whose bytes are in the source. */
interface StoredPart {
  /** Their position in the source. */
  readonly offset: number;
  /** The part, to be filled. */
  readonly target: Uint8Array;
}

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
    const stored: StoredPart[] = [];
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
    if (this.#source.streamRanges === undefined) {
      // Without a copy: each part is read to where it is wanted.
      for (const { target, offset } of stored) {
        await this.#source.readInto(target, offset, options);
      }
      return;
    }
    await readRanges(
      this.#source,
      stored.map(({ target: { length }, offset }) => ({ offset, length })),
      {
        ...options,
        take(bytes, { offset, index }) {
          const part = stored[index];
          part.target.set(bytes, offset - part.offset);
          return Promise.resolve();
        },
      },
    );
  }

  /** Hands over the bytes of runs of pages, all of them in the file. */
  async stream(
    runs: readonly PageRun[],
    take: TakeBytes,
    options?: SourceReadOptions,
  ): Promise<void> {
    for (const run of runs) await this.#checkPresent(run, options);
    const ranges = runs.map((run) => pageRunRange(this.#pages, run));
    const { pagesOffset } = this.#pages;
    await readRanges(this.#source, ranges, {
      ...options,
      take: (bytes, { offset, index }) =>
        take(bytes, { offset: offset - pagesOffset, index }),
    });
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
  ): AsyncGenerator<StoredPart> {
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
