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

/** A part of the target whose bytes are to be read from the source. */
interface StoredPart {
  /** Their offset in the source. */
  readonly offset: number;
  /** The part of the target. */
  readonly target: Uint8Array;
}

/** Reads many runs of a RAMBlock's pages at a time. */
export class BlockRuns {
  readonly #source: ByteSource;
  readonly #pages: BlockPages;

  /** Reads `pages` of a block from `source`. */
  constructor(source: ByteSource, pages: BlockPages) {
    this.#source = source;
    this.#pages = pages;
  }

  /** Fills `target` with runs of pages, one after the other. */
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
      // This also refuses a run that ends before it starts.
      if (part.length !== length) {
        throw new RangeError(
          `Cannot read pages ${first} to ${end} of ${this.#pages.quotedName}: they ` +
            `are not within the ${target.length} bytes of the target`,
        );
      }
      // The walk zeroes absent pages, and requests the others.
      const walk = this.#pages.rangeWalk(part, first * this.#pages.pageSize);
      for await (const wanted of this.#requests(walk, options)) {
        stored.push(wanted);
      }
      position += length;
    }
    if (this.#source.streamRanges === undefined) {
      // Read each part directly into the target, without a copy.
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

  /** Passes on the bytes of runs of pages; the file must hold all of them. */
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
      `Cannot stream pages ${first} to ${end} of ${this.#pages.quotedName}: ` +
        "the file does not hold all of them",
    );
  }

  /** Yields the requests of a walk that have a target; answers the others. */
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
