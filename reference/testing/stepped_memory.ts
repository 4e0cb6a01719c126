import type { PageRun } from "../../format/bitmap/mod.ts";
import type { PostcopyMemory } from "../faulting/mod.ts";
import type { RunOptions } from "../reading/mod.ts";

/** A read that waits until the test finishes it. */
export interface SteppedRead {
  readonly offset: number;
  readonly length: number;
  /** Lets the read succeed. */
  finish(): void;
  /** Lets the read fail. */
  fail(error: Error): void;
}

/**
 * A memory whose reads the test finishes in any order. Each byte of a present
 * page is `1 + page % 200`.
 */
export class SteppedMemory implements PostcopyMemory {
  readonly name = "memory";
  readonly byteLength: number;
  readonly pageSize: number;
  readonly parallelReads: number;
  /** Pending reads. */
  readonly reads: SteppedRead[] = [];
  /** Whether reads finish by themselves. */
  isFree = false;
  readonly #present: (page: number) => boolean;

  constructor(
    pageCount: number,
    options: {
      readonly pageSize: number;
      readonly parallelReads?: number;
      readonly present?: (page: number) => boolean;
    },
  ) {
    this.pageSize = options.pageSize;
    this.byteLength = pageCount * options.pageSize;
    this.parallelReads = options.parallelReads ?? 1;
    this.#present = options.present ?? (() => true);
  }

  /** Returns the expected byte at an offset. */
  byteAt(offset: number): number {
    const page = Math.floor(offset / this.pageSize);
    return offset < this.byteLength && this.#present(page) ? 1 + page % 200 : 0;
  }

  *presentRunsSync(
    { first = 0, end = this.byteLength / this.pageSize }: Omit<
      RunOptions,
      "signal"
    > = {},
  ): Generator<PageRun> {
    for (let page = first; page < end; page++) {
      if (!this.#present(page)) continue;
      const from = page;
      while (page < end && this.#present(page)) page++;
      yield { first: from, end: page };
    }
  }

  async *presentRuns(options?: RunOptions): AsyncGenerator<PageRun> {
    for (const run of this.presentRunsSync(options)) {
      yield await Promise.resolve(run);
    }
  }

  readIntoSync(target: Uint8Array, offset: number): void {
    for (let at = 0; at < target.length; at++) {
      target[at] = this.byteAt(offset + at);
    }
  }

  readInto(target: Uint8Array, offset: number): Promise<void> {
    if (this.isFree) {
      this.readIntoSync(target, offset);
      return Promise.resolve();
    }
    return new Promise((resolve, reject) => {
      const read: SteppedRead = {
        offset,
        length: target.length,
        finish: () => {
          this.readIntoSync(target, offset);
          this.#forget(read);
          resolve();
        },
        fail: (error) => {
          this.#forget(read);
          reject(error);
        },
      };
      this.reads.push(read);
    });
  }

  #forget(read: SteppedRead): void {
    this.reads.splice(this.reads.indexOf(read), 1);
  }
}

/** Runs all work that waits only for microtasks. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 50; turn++) await Promise.resolve();
}
