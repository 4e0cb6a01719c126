/**
 * Read, save and verify VM RAM snapshots in the file format that QEMU calls
 * mapped-ram: each page has a fixed place, and a bitmap marks those present.
 *
 * @example Read one page of a snapshot that QEMU saved
 * ```ts
 * import { openFileSource, openSnapshotSync } from "./mod.ts";
 *
 * function firstPage(path: string): Uint8Array {
 *   using source = openFileSource(path);
 *   return openSnapshotSync(source).block("pc.ram").readPageSync(0);
 * }
 * ```
 *
 * @module
 */

export {
  type BitmapOrder,
  PageBitmap,
  type PageRun,
} from "./format/bitmap/mod.ts";
export type { ByteRange } from "./format/bytes/mod.ts";
export type { RAMBlockHeader, RamLayout } from "./format/ram/mod.ts";
export {
  type DialectRuleSlug,
  FormatError,
  type Rule,
  RuleError,
  type RuleKind,
  RULES,
  type RuleSlug,
  type RuleViolation,
  UnsupportedError,
} from "./format/rules/mod.ts";
export type {
  DeviceState,
  PlannedBlock,
  SnapshotIndex,
} from "./format/snapshot/mod.ts";
export { type Configuration, SPEC_VERSION } from "./format/stream/mod.ts";
export type { Vmdesc } from "./format/vmdesc/mod.ts";
export { exportImage, type ExportOptions } from "./reference/exporting/mod.ts";
export {
  type ByteSpan,
  type LoadPendingOptions,
  type PageInstaller,
  PostcopyLoader,
  type PostcopyLoaderOptions,
  type PostcopyMemory,
  SyncPostcopyLoader,
  type SyncPostcopyMemory,
} from "./reference/faulting/mod.ts";
export {
  type HttpOptions,
  type HttpSource,
  type HttpSourceOptions,
  openHttpSource,
} from "./reference/http/mod.ts";
export {
  type FileSource,
  type FileSourceOptions,
  openFileSource,
} from "./reference/local/mod.ts";
export { type PageBatch, PageBuffer } from "./reference/pages/mod.ts";
export {
  type OpenOptions,
  openSnapshot,
  openSnapshotSync,
  prefetch,
  type PrefetchOptions,
  RAMBlock,
  type RunOptions,
  Snapshot,
  SyncRAMBlock,
  SyncSnapshot,
  type VerifyOptions,
  type VerifyReport,
  verifySnapshot,
} from "./reference/reading/mod.ts";
export {
  type BlockShare,
  type CreateOptions,
  createSnapshot,
  DirtyPages,
  importImages,
  type LiveOptions,
  type LiveRAMBlockInput,
  type LiveRound,
  type LiveRule,
  type LiveSummary,
  type RAMBlockInput,
  RAMBlockWriter,
  type RewriteFinishOptions,
  rewriteSnapshot,
  saveLive,
  type SaveOptions,
  saveSnapshot,
  type SaveSummary,
  SharedBlockWriter,
  SnapshotRewriter,
  SnapshotWriter,
} from "./reference/saving/mod.ts";
export {
  type ByteSink,
  type ByteStore,
  createFileSink,
  type FileSinkOptions,
  type FileStore,
  type FileStoreOptions,
  type MemorySink,
  memorySink,
  openFileStore,
} from "./reference/sinks/mod.ts";
export {
  type BackingFile,
  blobSource,
  type ByteSource,
  type CachedSource,
  cachedSource,
  type CacheOptions,
  type CacheStatistics,
  IntegrityError,
  type IntegrityViolation,
  memorySource,
  type ReadOptions,
  readRanges,
  type ReadRangesOptions,
  SourceError,
  type SourceReadOptions,
  type SyncByteSource,
  type TakeBytes,
} from "./reference/sources/mod.ts";
export {
  type SealOptions,
  sealSource,
  type SealSummary,
  verityDigest,
} from "./reference/sealing/mod.ts";
export {
  type SyncVerifiedSource,
  type VerifiedSource,
  verifiedSource,
  type VerifiedSourceOptions,
  verifiedSourceSync,
} from "./reference/verity/mod.ts";
export type { Progress, WaitOptions } from "./reference/work/mod.ts";
