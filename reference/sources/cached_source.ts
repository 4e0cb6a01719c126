import type { ByteSource, ReadOptions, ReadPart } from "./byte_source.ts";
import { checkRange } from "./check_range.ts";
import { SharedRead } from "./shared_read.ts";

/** How to cache. */
export interface CacheOptions {
  /** Bytes of a block, the unit of the cache. Default: 64 KiB. */
  readonly blockSize?: number | undefined;
  /** Most bytes kept, the least recently used dropped first. Default: 64 MiB. */
  readonly maxBytes?: number | undefined;
  /** Most bytes that one request asks for. Default: 1 MiB. */
  readonly maxRequestBytes?: number | undefined;
  /** Most bytes that are read ahead of sequential reads; 0: none. Default: 4 MiB. */
  readonly maxReadAhead?: number | undefined;
}

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

/** A source that remembers what was read of another. */
export interface CachedSource extends ByteSource {
  /** What the cache did so far, at this moment. */
  readonly statistics: CacheStatistics;
}

/**
 * Puts a cache before a source for which each request is dear. Reads are made
 * in whole blocks, neighbours in one request; a block that is on its way is
 * waited for, not asked for again; a failure is not remembered; a request is
 * aborted when all who wait for it gave up.
 *
 * Sequential reads are read ahead of, further each time, random ones not at
 * all, and never behind `ReadOptions.wantedUntil`.
 *
 * @example
 * ```ts
 * import { cachedSource, memorySource } from "../../mod.ts";
 * import assert from "node:assert/strict";
 *
 * const source = cachedSource(memorySource(new Uint8Array(0x100000)));
 * const page = new Uint8Array(4096);
 * await source.readInto(page, 0x8000);
 * await source.readInto(page, 0x9000);
 * assert.equal(source.statistics.requests, 1);
 * assert.equal(source.statistics.hits, 1);
 * ```
 */
export function cachedSource(
  source: ByteSource,
  options: CacheOptions = {},
): CachedSource {
  const {
    blockSize = 0x10000,
    maxBytes = 0x4000000,
    maxRequestBytes = 0x100000,
    maxReadAhead = 0x400000,
  } = options;
  const whole = Number.isSafeInteger(blockSize) && blockSize > 0 &&
    maxBytes >= blockSize && maxRequestBytes >= blockSize && maxReadAhead >= 0;
  if (!whole) {
    throw new RangeError(
      `Cannot cache ${JSON.stringify(source.name)} by blocks of ${blockSize} ` +
        `bytes, at most ${maxBytes} of them and ${maxRequestBytes} a request`,
    );
  }
  return new BlockCache(source, {
    blockSize,
    maxBlocks: Math.floor(maxBytes / blockSize),
    maxRequestBlocks: Math.floor(maxRequestBytes / blockSize),
    maxReadAheadBlocks: Math.floor(maxReadAhead / blockSize),
  });
}

const DONE = Promise.resolve();

interface BlockLimits {
  readonly blockSize: number;
  readonly maxBlocks: number;
  readonly maxRequestBlocks: number;
  readonly maxReadAheadBlocks: number;
}

class BlockCache implements CachedSource {
  readonly name: string;
  readonly byteLength: number;
  readonly parallelReads: number | undefined;
  readonly #source: ByteSource;
  readonly #limits: BlockLimits;
  /** By number, the most recently used last. */
  readonly #blocks = new Map<number, Uint8Array>();
  #lastTouched = -1;
  /** Blocks on their way, each with the request that brings it. */
  readonly #pending = new Map<number, SharedRead>();
  #statistics = { requests: 0, bytes: 0, hits: 0, waits: 0 };
  /** Where a read must start to go on sequentially. */
  #nextOffset = -1;
  #readAheadBlocks = 0;
  /** Reads under way that somebody waits for, and who waits for there being none. */
  #demands = 0;
  #whenIdle: (() => void)[] = [];

  constructor(source: ByteSource, limits: BlockLimits) {
    this.name = source.name;
    this.byteLength = source.byteLength;
    this.parallelReads = source.parallelReads;
    this.#source = source;
    this.#limits = limits;
  }

  get statistics(): CacheStatistics {
    return { ...this.#statistics };
  }

  readInto(
    target: Uint8Array,
    offset: number,
    options: ReadOptions = {},
  ): Promise<void> {
    const { blockSize } = this.#limits;
    const number = Math.floor(offset / blockSize);
    const block = this.#blocks.get(number);
    const start = offset - number * blockSize;
    // A page of a block that is here: the way of nearly every read.
    if (
      block !== undefined && start + target.length <= block.length &&
      !options.signal?.aborted
    ) {
      this.#statistics.hits++;
      this.#touch(number, block);
      target.set(block.subarray(start, start + target.length));
      this.#readAhead(offset, target.length, number + 1, options);
      return DONE;
    }
    return this.#read(target, offset, options);
  }

  /** What many runs are wanted of is not kept: it is a load, not a look. */
  async readParts(
    parts: readonly ReadPart[],
    options?: ReadOptions,
  ): Promise<void> {
    if (this.#source.readParts !== undefined) {
      this.#count(parts.reduce((sum, { target }) => sum + target.length, 0));
      return await this.#source.readParts(parts, options);
    }
    for (const { target, offset } of parts) {
      await this.readInto(target, offset, options);
    }
  }

  async #read(
    target: Uint8Array,
    offset: number,
    options: ReadOptions,
  ): Promise<void> {
    options.signal?.throwIfAborted();
    checkRange(this, offset, target.length);
    const { blockSize, maxBlocks, maxRequestBlocks } = this.#limits;
    const first = Math.floor(offset / blockSize);
    const end = Math.ceil((offset + target.length) / blockSize);
    const cached = this.#allCached(first, end);
    if (cached) this.#statistics.hits++;
    else if (options.guesses !== undefined) {
      // A look at a header far from anything else: a block would be waste.
      this.#count(target.length);
      return await this.#source.readInto(target, offset, options);
    }
    this.#readAhead(offset, target.length, end, options);
    if (cached) return this.#copyCached(target, offset, first, end);
    // In steps, so that a read larger than the cache can be answered too.
    const step = Math.min(maxRequestBlocks, maxBlocks);
    for (let at = first; at < end; at += step) {
      const stop = Math.min(end, at + step);
      if (options.background) {
        await this.#idle(options.signal);
        await this.#readBlocks(target, offset, at, stop, options);
      } else {
        await this.#demand(this.#readBlocks(target, offset, at, stop, options));
      }
    }
  }

  async #demand(read: Promise<void>): Promise<void> {
    this.#demands++;
    try {
      await read;
    } finally {
      this.#demands--;
      if (this.#demands === 0) {
        for (const resume of this.#whenIdle.splice(0)) resume();
      }
    }
  }

  /** Resolves when no read is under way that somebody waits for. */
  async #idle(signal?: AbortSignal): Promise<void> {
    while (this.#demands > 0) {
      await new Promise<void>((resolve) => this.#whenIdle.push(resolve));
      signal?.throwIfAborted();
    }
  }

  #allCached(first: number, end: number): boolean {
    for (let number = first; number < end; number++) {
      if (!this.#blocks.has(number)) return false;
    }
    return true;
  }

  #copyCached(
    target: Uint8Array,
    offset: number,
    first: number,
    end: number,
  ): void {
    for (let number = first; number < end; number++) {
      const bytes = this.#blocks.get(number);
      if (bytes === undefined) continue;
      this.#touch(number, bytes);
      this.#copyBlock(target, offset, number, bytes);
    }
  }

  /** Makes a block the most recently used. */
  #touch(number: number, bytes: Uint8Array): void {
    if (number === this.#lastTouched) return;
    this.#lastTouched = number;
    this.#blocks.delete(number);
    this.#blocks.set(number, bytes);
  }

  /** Copies what of a block lies inside the target. */
  #copyBlock(
    target: Uint8Array,
    offset: number,
    number: number,
    bytes: Uint8Array,
  ): void {
    const position = number * this.#limits.blockSize - offset;
    const start = Math.max(0, -position);
    const stop = Math.min(bytes.length, target.length - position);
    target.set(bytes.subarray(start, stop), position + start);
  }

  /** Gets the blocks [first, end), copies them, and waits for all. */
  async #readBlocks(
    target: Uint8Array,
    offset: number,
    first: number,
    end: number,
    options: ReadOptions,
  ): Promise<void> {
    const waited = new Set<SharedRead>();
    let joined = false;
    for (let number = first; number < end; number++) {
      if (this.#blocks.has(number)) continue;
      const pending = this.#pending.get(number);
      joined ||= pending !== undefined && !waited.has(pending);
      waited.add(pending ?? this.#request(number, end));
    }
    if (joined) this.#statistics.waits++;
    // Blocks may be dropped while others are waited for: copy those at hand now.
    this.#copyCached(target, offset, first, end);
    await Promise.all(
      [...waited].map(async (shared) => {
        const { firstBlock, blocks } = await shared.join(options.signal);
        blocks.forEach((bytes, index) => {
          const number = firstBlock + index;
          if (number < first || number >= end) return;
          this.#copyBlock(target, offset, number, bytes);
        });
      }),
    );
  }

  /** Asks for the blocks from `first` on that are neither here nor on their way. */
  #request(first: number, end: number): SharedRead {
    const { blockSize, maxRequestBlocks } = this.#limits;
    let last = first + 1;
    while (
      last < end && last - first < maxRequestBlocks &&
      !this.#blocks.has(last) && !this.#pending.has(last)
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
      blocks?.forEach((bytes, index) => this.#keep(first + index, bytes));
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

  #keep(number: number, bytes: Uint8Array): void {
    this.#blocks.set(number, bytes);
    this.#lastTouched = number;
    if (this.#blocks.size <= this.#limits.maxBlocks) return;
    const [oldest] = this.#blocks.keys();
    if (oldest !== undefined) this.#blocks.delete(oldest);
  }

  /**
   * Doubles the read-ahead for a read that goes on where the last one ended, and
   * halves it for another; fetches what is then wanted and not yet there.
   */
  #readAhead(
    offset: number,
    length: number,
    end: number,
    options: ReadOptions,
  ): void {
    if (options.background) return;
    const sequential = offset === this.#nextOffset;
    this.#nextOffset = offset + length;
    const { blockSize, maxReadAheadBlocks, maxBlocks } = this.#limits;
    this.#readAheadBlocks = sequential
      ? Math.min(
        maxReadAheadBlocks,
        maxBlocks / 2,
        2 * this.#readAheadBlocks + 1,
      )
      : Math.floor(this.#readAheadBlocks / 2);
    if (!sequential || this.#readAheadBlocks < 1) return;
    const until = Math.min(
      options.wantedUntil ?? offset + length,
      this.byteLength,
    );
    const stop = Math.min(
      Math.ceil(until / blockSize),
      end + Math.floor(this.#readAheadBlocks),
    );
    for (let number = end; number < stop; number++) {
      if (this.#blocks.has(number) || this.#pending.has(number)) continue;
      this.#request(number, stop).joinInBackground();
    }
  }
}
