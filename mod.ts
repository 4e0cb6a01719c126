/**
 * Read, save and verify VM RAM snapshots in the file format that QEMU calls
 * mapped-ram: each page at a fixed place, a bitmap that says which are there.
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

export type {
  BitmapOrder,
  ByteRange,
  Configuration,
  DeviceState,
  MappedRamHeader,
  PageRun,
  PlannedBlock,
  RAMBlockHeader,
  Rule,
  RuleKind,
  RuleSlug,
  RuleViolation,
  Section,
  SectionPart,
  SnapshotIndex,
  StreamItem,
  Vmdesc,
} from "./format/mod.ts";
export {
  FormatError,
  PageBitmap,
  RuleError,
  RULES,
  SPEC_VERSION,
  UnsupportedError,
} from "./format/mod.ts";
export type {
  ByteSink,
  ByteSource,
  ByteStore,
  CachedSource,
  CacheOptions,
  CacheStatistics,
  CreateOptions,
  ExportOptions,
  FileSinkOptions,
  FileSource,
  FileStore,
  HttpOptions,
  HttpSource,
  HttpSourceOptions,
  MemorySink,
  OpenOptions,
  PrefetchOptions,
  Progress,
  RAMBlockInput,
  ReadOptions,
  ReadPart,
  RunOptions,
  SaveOptions,
  SaveSummary,
  SyncByteSource,
  VerifyOptions,
  VerifyReport,
} from "./reference/mod.ts";
export {
  blobSource,
  cachedSource,
  createFileSink,
  createSnapshot,
  exportImage,
  importImages,
  memorySink,
  memorySource,
  openFileSource,
  openFileStore,
  openHttpSource,
  openSnapshot,
  openSnapshotSync,
  PageBuffer,
  prefetch,
  RAMBlock,
  RAMBlockWriter,
  rewriteSnapshot,
  saveSnapshot,
  Snapshot,
  SnapshotRewriter,
  SnapshotWriter,
  SourceError,
  SyncRAMBlock,
  SyncSnapshot,
  verifySnapshot,
} from "./reference/mod.ts";
