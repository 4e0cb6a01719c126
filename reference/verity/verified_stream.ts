import { type ByteRange, rangeEnd } from "../../format/bytes/mod.ts";
import { VERITY_BLOCK } from "../../format/verity/mod.ts";
import type { ByteSource, ReadOptions, TakeBytes } from "../sources/mod.ts";
import { inTurn } from "../work/mod.ts";
import { type BatchOptions, BlockBatch } from "./block_batch.ts";
import { CheckThread } from "./check_thread.ts";
import { wholeBlocks } from "./pieces_of.ts";
import type { Leaves } from "./verified_tree.ts";

export { CheckThread };

/** Options of {@linkcode streamVerified}. */
export interface StreamVerifiedOptions
  extends ReadOptions, Pick<BatchOptions, "file"> {
  /** The source to stream from. */
  readonly source: ByteSource;
  /** The thread that checks some of the blocks. */
  readonly thread: CheckThread;
  /** Returns hashes of the blocks [first, end); those up to `until` follow. */
  readonly leaves: (
    run: { readonly first: number; readonly end: number },
    until: number,
  ) => Promise<Leaves> | Leaves;
}

/** Passes on the bytes of ranges as they arrive, in checked blocks. */
export async function streamVerified(
  ranges: readonly ByteRange[],
  take: TakeBytes,
  options: StreamVerifiedOptions,
): Promise<void> {
  const { source, file, thread, leaves } = options;
  const whole = ranges.map((it) => wholeBlocks(source, it));
  const batch = new BlockBatch({
    file,
    thread,
    leaves: (run, index) =>
      leaves(run, Math.ceil(rangeEnd(whole[index]) / VERITY_BLOCK)),
    async hand(bytes, { first, index }) {
      const at = first * VERITY_BLOCK;
      const range = ranges[index];
      const from = Math.max(at, range.offset);
      const until = Math.min(at + bytes.length, rangeEnd(range));
      if (from >= until) return;
      const offset = from;
      await take(bytes.subarray(from - at, until - at), { offset, index });
    },
  });
  const streams = new Map<number, RangeStream>();
  const takePiece: TakeBytes = async (bytes, { offset, index }) => {
    let stream = streams.get(index);
    if (stream === undefined) {
      stream = new RangeStream(whole[index], batch, { ...options, index });
      streams.set(index, stream);
    }
    await stream.add(bytes, offset);
    if (stream.isDone) streams.delete(index);
  };
  await thread.during(async () => {
    // Pieces of several ranges may come at once, and there is one batch.
    await source.streamRanges?.(whole, inTurn(takePiece), options);
    await batch.pass();
  });
}

/** The bytes of one range, which go to the batch in whole blocks. */
class RangeStream {
  readonly #range: ByteRange;
  readonly #batch: BlockBatch;
  readonly #options: StreamVerifiedOptions & { readonly index: number };
  /** The first bytes of a block whose others are missing. */
  #head: Uint8Array | undefined;
  #filled = 0;
  /** Position in the file of that block. */
  #start: number;

  constructor(
    range: ByteRange,
    batch: BlockBatch,
    options: StreamVerifiedOptions & { readonly index: number },
  ) {
    this.#range = range;
    this.#batch = batch;
    this.#options = options;
    this.#start = range.offset;
  }

  get isDone(): boolean {
    return this.#start >= rangeEnd(this.#range);
  }

  async add(bytes: Uint8Array, offset: number): Promise<void> {
    await this.#moveTo(offset);
    for (let done = 0; done < bytes.length;) {
      const rest = bytes.subarray(done);
      if (this.#filled === 0 && rest.length >= VERITY_BLOCK) {
        const length = rest.length - rest.length % VERITY_BLOCK;
        await this.#pass(rest.subarray(0, length));
        done += length;
        continue;
      }
      const part = rest.subarray(0, VERITY_BLOCK - this.#filled);
      this.#head ??= new Uint8Array(VERITY_BLOCK);
      this.#head.set(part, this.#filled);
      this.#filled += part.length;
      done += part.length;
      const isLast = this.#start + this.#filled === rangeEnd(this.#range);
      if (this.#filled < VERITY_BLOCK && !isLast) continue;
      const block = this.#head.subarray(0, this.#filled);
      this.#filled = 0;
      await this.#pass(block);
    }
  }

  /** Goes back if bytes come again. */
  async #moveTo(offset: number): Promise<void> {
    const expected = this.#start + this.#filled;
    if (offset === expected) return;
    if (offset < this.#start || offset > expected) {
      this.#start = offset - offset % VERITY_BLOCK;
      const { source } = this.#options;
      this.#head ??= new Uint8Array(VERITY_BLOCK);
      const before = this.#head.subarray(0, offset - this.#start);
      await source.readInto(before, this.#start, this.#options);
    }
    this.#filled = offset - this.#start;
  }

  /** Adds blocks to the batch. */
  async #pass(bytes: Uint8Array): Promise<void> {
    const first = this.#start / VERITY_BLOCK;
    this.#start += bytes.length;
    await this.#batch.add(bytes, { first, index: this.#options.index });
  }
}
