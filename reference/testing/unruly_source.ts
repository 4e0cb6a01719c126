import {
  type ByteSource,
  SourceError,
  type SourceReadOptions,
} from "../sources/mod.ts";

/** Returns a random integer from 0 to `limit - 1`. */
export type Random = (limit: number) => number;

/** A pending read. */
interface UnrulyRead {
  /** Advances the read by one step. */
  step(): void;
}

/**
 * A source whose reads arrive in pieces, interleaved, fail and end in a random
 * order instead of the order in which they were made. It obeys the rule of
 * `ByteSource` that a buffer is never written to after its read has settled. A
 * failed read leaves garbage in the buffer.
 */
export class UnrulySource implements ByteSource {
  readonly name = "unruly";
  readonly byteLength: number;
  readonly parallelReads = 4;
  /** One in this many steps fails; 0 for none. */
  failing: number;
  readonly #bytes: Uint8Array;
  readonly #random: Random;
  readonly #reads = new Set<UnrulyRead>();

  /** Reads from `bytes`, which are not copied. */
  constructor(
    bytes: Uint8Array,
    random: Random,
    options: { readonly failing?: number } = {},
  ) {
    this.#bytes = bytes;
    this.byteLength = bytes.length;
    this.#random = random;
    this.failing = options.failing ?? 20;
  }

  /** Number of pending reads. */
  get underWay(): number {
    return this.#reads.size;
  }

  /** Advances a random pending read by one step. */
  step(): void {
    const reads = [...this.#reads];
    reads[this.#random(reads.length)]?.step();
  }

  readInto(
    target: Uint8Array,
    offset: number,
    { signal }: SourceReadOptions = {},
  ): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    let done = 0;
    const end = (settle: () => void) => {
      this.#reads.delete(read);
      settle();
    };
    const read = {
      step: () => {
        if (signal?.aborted) return end(() => reject(signal.reason));
        if (this.failing > 0 && this.#random(this.failing) === 0) {
          target.fill(0xee, done);
          return end(() => reject(new SourceError(this.name, "Cannot read")));
        }
        const stop = Math.min(
          target.length,
          done + 1 + this.#random(target.length),
        );
        target.set(
          this.#bytes.subarray(offset + done, offset + stop),
          done,
        );
        done = stop;
        if (done === target.length) end(resolve);
      },
    };
    this.#reads.add(read);
    return promise;
  }
}
