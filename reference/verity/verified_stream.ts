import { type ByteRange, rangeEnd } from "../../format/bytes/mod.ts";
import { VERITY_BLOCK } from "../../format/verity/mod.ts";
import type { ByteSource, ReadOptions, TakeBytes } from "../sources/mod.ts";
import type { DataBlocks } from "./check_blocks.ts";
import { wholeBlocks } from "./pieces_of.ts";

/** Bytes of a range that are checked and passed on together. */
const PART = 0x40000;

/** Options of {@linkcode streamVerified}. */
export interface StreamVerifiedOptions extends ReadOptions {
  /** The source to stream from. */
  readonly source: ByteSource;
  /**
   * Checks blocks; rejects if one is wrong. The blocks up to `until` follow.
   */
  readonly check: (blocks: DataBlocks, until: number) => Promise<void>;
}

/** Passes on the bytes of ranges as they arrive, in checked blocks. */
export async function streamVerified(
  ranges: readonly ByteRange[],
  take: TakeBytes,
  options: StreamVerifiedOptions,
): Promise<void> {
  const { source } = options;
  const whole = ranges.map((it) => wholeBlocks(source, it));
  const streams = new Map<number, RangeStream>();
  await source.streamRanges?.(whole, async (bytes, { offset, index }) => {
    let stream = streams.get(index);
    if (stream === undefined) {
      const hand: HandOver = async (checked, at) => {
        const range = ranges[index];
        const from = Math.max(at, range.offset);
        const until = Math.min(at + checked.length, rangeEnd(range));
        if (from >= until) return;
        await take(checked.subarray(from - at, until - at), {
          offset: from,
          index,
        });
      };
      stream = new RangeStream(whole[index], hand, options);
      streams.set(index, stream);
    }
    await stream.add(bytes, offset);
    if (stream.isDone) streams.delete(index);
  }, options);
}

type HandOver = (bytes: Uint8Array, offset: number) => Promise<void>;

/** The bytes of one range, collected until they can be checked. */
class RangeStream {
  readonly #range: ByteRange;
  readonly #hand: HandOver;
  readonly #options: StreamVerifiedOptions;
  readonly #buffer: Uint8Array;
  /** Position in the file of the buffer, and the bytes in it. */
  #start: number;
  #filled = 0;

  constructor(
    range: ByteRange,
    hand: HandOver,
    options: StreamVerifiedOptions,
  ) {
    this.#range = range;
    this.#hand = hand;
    this.#options = options;
    this.#start = range.offset;
    const blocks = Math.ceil(range.length / VERITY_BLOCK);
    this.#buffer = new Uint8Array(Math.min(PART, blocks * VERITY_BLOCK));
  }

  get isDone(): boolean {
    return this.#start >= rangeEnd(this.#range);
  }

  async add(bytes: Uint8Array, offset: number): Promise<void> {
    await this.#moveTo(offset);
    for (let done = 0; done < bytes.length;) {
      const room = this.#buffer.length - this.#filled;
      const part = bytes.subarray(done, done + room);
      this.#buffer.set(part, this.#filled);
      this.#filled += part.length;
      done += part.length;
      const end = this.#start + this.#filled;
      const isFull = this.#filled === this.#buffer.length;
      if (isFull || end === rangeEnd(this.#range)) await this.#pass();
    }
  }

  /** Goes back if bytes come again. */
  async #moveTo(offset: number): Promise<void> {
    if (offset === this.#start + this.#filled) return;
    if (offset < this.#start || offset > this.#start + this.#filled) {
      this.#start = offset - offset % VERITY_BLOCK;
      const { source } = this.#options;
      const before = this.#buffer.subarray(0, offset - this.#start);
      await source.readInto(before, this.#start, this.#options);
    }
    this.#filled = offset - this.#start;
  }

  async #pass(): Promise<void> {
    const length = Math.ceil(this.#filled / VERITY_BLOCK) * VERITY_BLOCK;
    const bytes = this.#buffer.subarray(0, length);
    bytes.fill(0, this.#filled);
    const first = this.#start / VERITY_BLOCK;
    const until = Math.ceil(rangeEnd(this.#range) / VERITY_BLOCK);
    await this.#options.check({ first, bytes }, until);
    await this.#hand(bytes.subarray(0, this.#filled), this.#start);
    this.#start += this.#filled;
    this.#filled = 0;
  }
}
