/**
 * Sources that snapshots are read from.
 *
 * @module
 */

export {
  type Backing,
  type BackingFile,
  backingOf,
  contentKeyOf,
  leftoverOf,
  originalFile,
  originalSource,
  setBacking,
  setContentKey,
  setOrigin,
} from "./backing.ts";
export { blobSource } from "./blob_source.ts";
export type { CacheStatistics } from "./block_cache.ts";
export type {
  ByteSource,
  ReadOptions,
  SourceReadOptions,
  SyncByteSource,
  TakeBytes,
} from "./byte_source.ts";
export {
  type CachedSource,
  cachedSource,
  type CacheOptions,
} from "./cached_source.ts";
export { checkRange } from "./check_range.ts";
export { DemandGate } from "./demand_gate.ts";
export { drive, driveSync } from "./drive.ts";
export { IntegrityError, type IntegrityViolation } from "./integrity_error.ts";
export { KeptBlocks } from "./kept_blocks.ts";
export { memorySource } from "./memory_source.ts";
export { MovingFront } from "./moving_front.ts";
export { readRanges, type ReadRangesOptions } from "./read_ranges.ts";
export { errorCode, reasonOf } from "./reason_of.ts";
export {
  isWebUrl,
  shownName,
  urlScheme,
  withoutSecrets,
} from "./shown_name.ts";
export { SharedRead } from "./shared_read.ts";
export { sliceSource, sliceSourceSync } from "./slice_source.ts";
export { SourceError } from "./source_error.ts";
