import {
  type ByteSource,
  SourceError,
  type SourceReadOptions,
} from "../sources/mod.ts";

/** Gives whole numbers from 0 below a limit. */
export type Random = (limit: number) => number;

/** A read under way. */
interface UnrulyRead {
  /** Does a bit more of it. */
  step(): void;
}

/**
 * A source whose reads come in pieces, take turns, fail and end in an order that
 * a seed gives, and not in the order in which they were made. It keeps the rule
 * of `ByteSource`: it never writes to a buffer after its read has settled. What a
 * failed read leaves in the buffer is rubbish.
 */
export class UnrulySource implements ByteSource {
  readonly name = "unruly";
  readonly byteLength: number;
  readonly parallelReads = 4;
  /** One of so many steps fails; 0: none. */
  failing: number;
  readonly #bytes: Uint8Array;
  readonly #random: Random;
  readonly #reads = new Set<UnrulyRead>();

  /** Over bytes, which are not copied. */
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

  /** How many reads are under way. */
  get underWay(): number {
    return this.#reads.size;
  }

  /** Has one of the reads under way do a bit more. */
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
