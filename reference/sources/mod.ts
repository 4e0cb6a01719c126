/**
 * What snapshots are read from.
 *
 * @module
 */

export { blobSource } from "./blob_source.ts";
export type {
  ByteSource,
  ReadOptions,
  ReadPart,
  SourceReadOptions,
  SyncByteSource,
  TakeBytes,
} from "./byte_source.ts";
export type {
  CachedSource,
  CacheOptions,
  CacheStatistics,
} from "./cached_source.ts";
export { cachedSource } from "./cached_source.ts";
export type { FileSource, FileSourceOptions } from "./file_source.ts";
export { openFileSource } from "./file_source.ts";
export { memorySource } from "./memory_source.ts";
export { SourceError } from "./source_error.ts";
