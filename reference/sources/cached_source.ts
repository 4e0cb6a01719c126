import { BlockCache, type CacheStatistics } from "./block_cache.ts";
import type { ByteSource } from "./byte_source.ts";

/** Options of {@linkcode cachedSource}. */
export interface CacheOptions {
  /** Length in bytes of a block, the unit of the cache. Default: 64 KiB. */
  readonly blockSize?: number | undefined;
  /** Maximum bytes kept; the least recently used go first. Default: 64 MiB. */
  readonly maxBytes?: number | undefined;
  /** Maximum bytes per request. Default: 1 MiB. */
  readonly maxRequestBytes?: number | undefined;
  /** Maximum bytes read ahead of sequential reads; 0: none. Default: 4 MiB. */
  readonly maxReadAhead?: number | undefined;
}

/** A source that caches another. */
export interface CachedSource extends ByteSource {
  /** The current counters of the cache. */
  readonly statistics: CacheStatistics;
}

/**
 * Puts a cache in front of a source with expensive requests. It reads whole
 * blocks, adjacent ones in one request. Reads of a block that is already
 * requested share the request, which is aborted when all of them are aborted.
 * Failures are not cached.
 *
 * Sequential reads cause a growing read-ahead, never past
 * `SourceReadOptions.wantedUntil`; random reads cause none.
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
  const isValid = Number.isSafeInteger(blockSize) && blockSize > 0 &&
    maxBytes >= blockSize && maxRequestBytes >= blockSize && maxReadAhead >= 0;
  if (!isValid) {
    throw new RangeError(
      `Cannot cache ${JSON.stringify(source.name)}: blockSize is ` +
        `${blockSize}, maxBytes ${maxBytes}, maxRequestBytes ` +
        `${maxRequestBytes}, maxReadAhead ${maxReadAhead}; expected an ` +
        "integer blockSize from 1, maxBytes and maxRequestBytes from blockSize, " +
        "and maxReadAhead from 0",
    );
  }
  return new BlockCache(source, {
    blockSize,
    maxBlocks: Math.floor(maxBytes / blockSize),
    maxRequestBlocks: Math.floor(maxRequestBytes / blockSize),
    maxReadAheadBlocks: Math.floor(maxReadAhead / blockSize),
  });
}
