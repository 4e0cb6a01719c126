/**
 * What snapshots are read from.
 *
 * @module
 */

export type { BackingFile } from "./backing.ts";
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
export { memorySource } from "./memory_source.ts";
export { shownName, withoutSecrets } from "./shown_name.ts";
export { sourceAddress } from "./source_address.ts";
export { SourceError } from "./source_error.ts";
