import type { ByteRange } from "../../format/bytes/mod.ts";
import { setOrigin } from "./backing.ts";
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

/** Counters of a cache. */
export interface CacheStatistics {
  /**
   * Reads passed to the underlying source, which may fetch several of them in
   * one request.
   */
  readonly requests: number;
  /** Bytes of these reads. */
  readonly bytes: number;
  /** Reads answered from memory alone. */
  readonly hits: number;
  /** Reads that waited for bytes that another read had requested. */
  readonly waits: number;
}

const DONE = Promise.resolve();

/** Blocks that one request read. */
interface ReadBlocks {
  /** Number of the first block. */
  readonly firstBlock: number;
  /** The blocks; the last one of a file may be shorter. */
  readonly blocks: readonly Uint8Array[];
}

/** The limits of a cache, in blocks. */
export interface BlockLimits {
  /** Length of a block in bytes. */
  readonly blockSize: number;
  /** Maximum number of blocks kept. */
  readonly maxBlocks: number;
  /** Maximum number of blocks per request. */
  readonly maxRequestBlocks: number;
  /** Maximum number of blocks read ahead. */
  readonly maxReadAheadBlocks: number;
}

/** The cache of `cachedSource`. */
export class BlockCache implements ByteSource {
  readonly name: string;
  readonly byteLength: number;
  readonly digest: string | undefined;
  readonly parallelReads: number | undefined;
  readonly checkUnchanged: ByteSource["checkUnchanged"];
  /** Streamed bytes are not kept: they are usually read only once. */
  readonly streamRanges: ByteSource["streamRanges"];
  readonly #source: ByteSource;
  readonly #limits: BlockLimits;
  readonly #kept: KeptBlocks;
  /** Requested blocks, each with its request. */
  readonly #pending = new Map<number, SharedRead<ReadBlocks>>();
  #statistics = { requests: 0, bytes: 0, hits: 0, waits: 0 };
  readonly #gate = new DemandGate();
  readonly #window: ReadAheadWindow;

  constructor(source: ByteSource, limits: BlockLimits) {
    this.name = source.name;
    this.byteLength = source.byteLength;
    this.digest = source.digest;
    setOrigin(this, source);
    this.parallelReads = source.parallelReads;
    this.checkUnchanged = source.checkUnchanged?.bind(source);
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
    // The path of nearly every read: a page of a cached block.
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
      // An isolated header: fetching a whole block would be a waste.
      this.#count(target.length);
      return await this.#source.readInto(target, offset, options);
    }
    this.#readAhead(offset, target.length, end, options);
    if (cached) return this.#kept.copyInto(target, offset, { first, end });
    // In steps, because a read may be larger than the cache.
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

  /** Fetches the blocks [first, end) and copies them once all have arrived. */
  async #readBlocks(
    target: Uint8Array,
    offset: number,
    first: number,
    end: number,
    options: SourceReadOptions,
  ): Promise<void> {
    const awaited = new Set<SharedRead<ReadBlocks>>();
    let joined = false;
    for (let number = first; number < end; number++) {
      if (this.#kept.has(number)) continue;
      const pending = this.#pending.get(number);
      joined ||= pending !== undefined && !awaited.has(pending);
      awaited.add(pending ?? this.#request(number, end));
    }
    if (joined) this.#statistics.waits++;
    // Blocks may be evicted while others are fetched: copy the cached ones now.
    this.#kept.copyInto(target, offset, { first, end });
    // Copy the others only when all have arrived. If one fails, the target
    // belongs to the caller again, but requests shared with other reads continue.
    const received = await Promise.all(
      Array.from(awaited, (shared) => shared.join(options.signal)),
    );
    for (const { firstBlock, blocks } of received) {
      blocks.forEach((bytes, index) => {
        const number = firstBlock + index;
        if (number < first || number >= end) return;
        this.#kept.copyBlock(target, offset, { number, bytes });
      });
    }
  }

  /** Requests blocks from `first` on, up to one that is cached or requested. */
  #request(first: number, end: number): SharedRead<ReadBlocks> {
    const { blockSize, maxRequestBlocks } = this.#limits;
    let last = first + 1;
    while (
      last < end && last - first < maxRequestBlocks &&
      !this.#kept.has(last) && !this.#pending.has(last)
    ) last++;
    const offset = first * blockSize;
    const length = Math.min(last * blockSize, this.byteLength) - offset;
    this.#count(length);
    const shared = new SharedRead<ReadBlocks>(async (signal) => {
      const bytes = new Uint8Array(length);
      await this.#source.readInto(bytes, offset, { signal });
      const blocks: Uint8Array[] = [];
      for (let start = 0; start < length; start += blockSize) {
        // Copies, so that a kept block does not keep its neighbours in memory.
        blocks.push(bytes.slice(start, start + blockSize));
      }
      return { firstBlock: first, blocks };
    }, (read) => {
      for (let number = first; number < last; number++) {
        this.#pending.delete(number);
      }
      read?.blocks.forEach((bytes, index) =>
        this.#kept.keep(first + index, bytes)
      );
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

  /** Requests the missing blocks that are likely to be read next. */
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
