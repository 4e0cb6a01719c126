import type { ByteRange } from "../../format/bytes/mod.ts";
import type {
  ByteSource,
  SourceReadOptions,
  TakeBytes,
} from "./byte_source.ts";
import { checkRange } from "./check_range.ts";
import { DemandGate } from "./demand_gate.ts";
import { KeptBlocks } from "./kept_blocks.ts";
import { ReadAheadWindow } from "./read_ahead_window.ts";
import { SharedRead } from "./shared_read.ts";

/** What a cache did so far. */
export interface CacheStatistics {
  /** Requests made of the source underneath. */
  readonly requests: number;
  /** Bytes that those asked for. */
  readonly bytes: number;
  /** Reads answered from memory alone. */
  readonly hits: number;
  /** Reads that waited for a request that another read had made. */
  readonly waits: number;
}

const DONE = Promise.resolve();

/** The limits of a cache, in blocks. */
export interface BlockLimits {
  /** Bytes of a block. */
  readonly blockSize: number;
  /** Most blocks kept. */
  readonly maxBlocks: number;
  /** Most blocks that one request asks for. */
  readonly maxRequestBlocks: number;
  /** Most blocks that are read ahead. */
  readonly maxReadAheadBlocks: number;
}

/** The cache of `cachedSource`. */
export class BlockCache implements ByteSource {
  readonly name: string;
  readonly byteLength: number;
  readonly parallelReads: number | undefined;
  readonly checkUnchanged: ByteSource["checkUnchanged"];
  /** What is streamed is not kept: it is a load, not a look. */
  readonly streamRanges: ByteSource["streamRanges"];
  readonly #source: ByteSource;
  readonly #limits: BlockLimits;
  readonly #kept: KeptBlocks;
  /** Blocks on their way, each with the request that brings it. */
  readonly #pending = new Map<number, SharedRead>();
  #statistics = { requests: 0, bytes: 0, hits: 0, waits: 0 };
  readonly #gate = new DemandGate();
  readonly #window: ReadAheadWindow;

  constructor(source: ByteSource, limits: BlockLimits) {
    this.name = source.name;
    this.byteLength = source.byteLength;
    this.parallelReads = source.parallelReads;
    this.checkUnchanged = source.checkUnchanged;
    this.streamRanges = source.streamRanges === undefined
      ? undefined
      : (...request) => this.#stream(...request);
    this.#source = source;
    this.#limits = limits;
    this.#kept = new KeptBlocks(limits.blockSize, limits.maxBlocks);
    this.#window = new ReadAheadWindow(
      Math.min(limits.maxReadAheadBlocks, Math.floor(limits.maxBlocks / 2)),
    );
  }

  get statistics(): CacheStatistics {
    return { ...this.#statistics };
  }

  readInto(
    target: Uint8Array,
    offset: number,
    options: SourceReadOptions = {},
  ): Promise<void> {
    const { blockSize } = this.#limits;
    const number = Math.floor(offset / blockSize);
    const block = this.#kept.get(number);
    const start = offset - number * blockSize;
    // A page of a block that is here: the way of nearly every read.
    if (
      block !== undefined && start + target.length <= block.length &&
      !options.signal?.aborted
    ) {
      this.#statistics.hits++;
      this.#kept.touch(number, block);
      target.set(block.subarray(start, start + target.length));
      this.#readAhead(offset, target.length, number + 1, options);
      return DONE;
    }
    return this.#read(target, offset, options);
  }

  async #stream(
    ranges: readonly ByteRange[],
    take: TakeBytes,
    options?: SourceReadOptions,
  ): Promise<void> {
    this.#count(ranges.reduce((sum, { length }) => sum + length, 0));
    await this.#source.streamRanges?.(ranges, take, options);
  }

  async #read(
    target: Uint8Array,
    offset: number,
    options: SourceReadOptions,
  ): Promise<void> {
    options.signal?.throwIfAborted();
    checkRange(this, offset, target.length);
    const { blockSize, maxBlocks, maxRequestBlocks } = this.#limits;
    const first = Math.floor(offset / blockSize);
    const end = Math.ceil((offset + target.length) / blockSize);
    const cached = this.#kept.hasAll(first, end);
    if (cached) this.#statistics.hits++;
    else if (options.guesses !== undefined) {
      // A look at a header far from anything else: a block would be waste.
      this.#count(target.length);
      return await this.#source.readInto(target, offset, options);
    }
    this.#readAhead(offset, target.length, end, options);
    if (cached) return this.#kept.copyInto(target, offset, { first, end });
    // In steps, so that a read larger than the cache can be answered too.
    const step = Math.min(maxRequestBlocks, maxBlocks);
    for (let at = first; at < end; at += step) {
      const stop = Math.min(end, at + step);
      if (options.background) {
        await this.#gate.idle(options.signal);
        await this.#readBlocks(target, offset, at, stop, options);
      } else {
        await this.#gate.demand(
          this.#readBlocks(target, offset, at, stop, options),
        );
      }
    }
  }

  /** Gets the blocks [first, end), and copies them once all are here. */
  async #readBlocks(
    target: Uint8Array,
    offset: number,
    first: number,
    end: number,
    options: SourceReadOptions,
  ): Promise<void> {
    const waited = new Set<SharedRead>();
    let joined = false;
    for (let number = first; number < end; number++) {
      if (this.#kept.has(number)) continue;
      const pending = this.#pending.get(number);
      joined ||= pending !== undefined && !waited.has(pending);
      waited.add(pending ?? this.#request(number, end));
    }
    if (joined) this.#statistics.waits++;
    // Blocks may be dropped while others are waited for: copy those at hand now.
    this.#kept.copyInto(target, offset, { first, end });
    // The others not before all are here. If one fails, the target is the
    // caller's again, while requests shared with other reads go on.
    const landed = await Promise.all(
      Array.from(waited, (shared) => shared.join(options.signal)),
    );
    for (const { firstBlock, blocks } of landed) {
      blocks.forEach((bytes, index) => {
        const number = firstBlock + index;
        if (number < first || number >= end) return;
        this.#kept.copyBlock(target, offset, { number, bytes });
      });
    }
  }

  /** Asks for the blocks from `first` on that are neither here nor on their way. */
  #request(first: number, end: number): SharedRead {
    const { blockSize, maxRequestBlocks } = this.#limits;
    let last = first + 1;
    while (
      last < end && last - first < maxRequestBlocks &&
      !this.#kept.has(last) && !this.#pending.has(last)
    ) last++;
    const offset = first * blockSize;
    const length = Math.min(last * blockSize, this.byteLength) - offset;
    this.#count(length);
    const shared = new SharedRead(first, blockSize, async (signal) => {
      const bytes = new Uint8Array(length);
      await this.#source.readInto(bytes, offset, { signal });
      return bytes;
    }, (blocks) => {
      for (let number = first; number < last; number++) {
        this.#pending.delete(number);
      }
      blocks?.forEach((bytes, index) => this.#kept.keep(first + index, bytes));
    });
    for (let number = first; number < last; number++) {
      this.#pending.set(number, shared);
    }
    return shared;
  }

  #count(bytes: number): void {
    this.#statistics.requests++;
    this.#statistics.bytes += bytes;
  }

  /** Fetches what a read of these bytes makes likely, and is not yet there. */
  #readAhead(
    offset: number,
    length: number,
    end: number,
    options: SourceReadOptions,
  ): void {
    if (options.background) return;
    const blocks = this.#window.next(offset, length);
    if (blocks === 0) return;
    const { wantedUntil = offset + length } = options;
    const until = Math.min(wantedUntil, this.byteLength);
    const stop = Math.min(
      Math.ceil(until / this.#limits.blockSize),
      end + blocks,
    );
    for (let number = end; number < stop; number++) {
      if (this.#kept.has(number) || this.#pending.has(number)) continue;
      this.#request(number, stop).joinInBackground();
    }
  }
}
