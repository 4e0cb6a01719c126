import { BlockCache, type CacheStatistics } from "./block_cache.ts";
import type { ByteSource } from "./byte_source.ts";

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
 * all, and never behind `SourceReadOptions.wantedUntil`.
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
