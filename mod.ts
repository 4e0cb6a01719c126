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
  DeviceField,
  DeviceState,
  DeviceStruct,
  DialectRuleSlug,
  DirtyBitmap,
  FieldValue,
  LibvirtFormat,
  LibvirtSaveHeader,
  MappedRamHeader,
  PageRun,
  PlannedBlock,
  ProfileBlock,
  ProfileRun,
  RAMBlockHeader,
  RamLayout,
  RamRecord,
  RamRecordKind,
  Rule,
  RuleKind,
  RuleSlug,
  RuleViolation,
  Section,
  SectionPart,
  SequentialEnd,
  SequentialHead,
  SnapshotIndex,
  StreamBlock,
  StreamItem,
  Vmdesc,
  WorkingSetProfile,
} from "./format/mod.ts";
export {
  FormatError,
  PageBitmap,
  readProfile,
  RuleError,
  RULES,
  SPEC_VERSION,
  UnsupportedError,
  writeProfile,
} from "./format/mod.ts";
export type {
  DetectedFormat,
  ElfCoreSummary,
  GuestBlocksOptions,
  GuestMapOptions,
  GuestRange,
  MemoryBlock,
  MemoryFormat,
  MemoryImage,
  PlacedRange,
  RangesOptions,
  SequentialToMappedOptions,
  WriteSequentialOptions,
} from "./reference/convert/mod.ts";
export {
  AddressSpace,
  convertPacked,
  convertSequential,
  detectFormat,
  exportMemory,
  guestBlocks,
  guestMap,
  GuestMapError,
  imageOf,
  imageOfRanges,
  openElfCore,
  openLime,
  writeElfCore,
  writeLime,
  writeSequential,
} from "./reference/convert/mod.ts";
export type {
  DeviceRecord,
  DirtyBitmapContent,
  DirtyBitmapsOptions,
  DroppedBitmap,
  LoadedBitmaps,
  WithDevices,
} from "./reference/device_state/mod.ts";
export {
  deviceStates,
  dirtyBitmaps,
  loadDirtyBitmaps,
} from "./reference/device_state/mod.ts";
export type {
  HttpOptions,
  HttpSource,
  HttpSourceOptions,
} from "./reference/http/mod.ts";
export { openHttpSource } from "./reference/http/mod.ts";
export type { LibvirtTexts, UnpackSummary } from "./reference/libvirt/mod.ts";
export {
  readLibvirtHeader,
  readLibvirtTexts,
  unpackLibvirt,
  unpackLibvirtTo,
} from "./reference/libvirt/mod.ts";
export type {
  ExportOptions,
  PrefetchOptions,
} from "./reference/loading/mod.ts";
export { exportImage, prefetch } from "./reference/loading/mod.ts";
export type { FileSource, FileSourceOptions } from "./reference/local/mod.ts";
export { openFileSource } from "./reference/local/mod.ts";
export type { BlockShare } from "./reference/parallel/mod.ts";
export { SharedBlockWriter } from "./reference/parallel/mod.ts";
export type {
  LoadPendingOptions,
  PageInstaller,
  PostcopyLoaderOptions,
  PostcopyMemory,
  SyncPostcopyMemory,
} from "./reference/postcopy/mod.ts";
export {
  PostcopyLoader,
  SyncPostcopyLoader,
} from "./reference/postcopy/mod.ts";
export type {
  BlockRun,
  ByteChannel,
  ChildExit,
  DataRangesOptions,
  DescribeQemuOptions,
  DeviceOnlyOptions,
  DeviceOnlySummary,
  DifferenceKind,
  IncomingGuest,
  IncomingMigration,
  IncomingOptions,
  MachineBlock,
  MachineDescription,
  MachineDifference,
  MachineField,
  MachineSection,
  MappedBlock,
  MappedResumeOptions,
  MappedResumePlan,
  MappedResumeReason,
  MigrationAddress,
  PostcopyOptions,
  PostcopyStatistics,
  QemuFacts,
  QmpEvent,
  QmpObject,
  QmpRefusal,
  ReceiveOptions,
  ReceiveProgress,
  ReceiveSummary,
  SocketListener,
  StaleOptions,
  StartQemuOptions,
  WaitOptions,
} from "./reference/qemu/mod.ts";
export {
  compareMachines,
  connectSocket,
  createScratchSink,
  describeQemu,
  describeRunningQemu,
  describeSnapshot,
  findDataRanges,
  listenSocket,
  MappedResumeError,
  planMappedResume,
  PostcopySource,
  QmpClient,
  queryQemu,
  receiveMigration,
  RunningQemu,
  startIncoming,
  startQemu,
  writeDeviceOnly,
} from "./reference/qemu/mod.ts";
export type {
  CreateOptions,
  LiveOptions,
  LiveRAMBlockInput,
  LiveRound,
  LiveRule,
  LiveSummary,
  Progress,
  RAMBlockInput,
  RepairOptions,
  RepairSummary,
  RewriteFinishOptions,
  SaveOptions,
  SaveSummary,
} from "./reference/saving/mod.ts";
export {
  checkCapabilities,
  createSnapshot,
  DirtyPages,
  importImages,
  PageBuffer,
  RAMBlockWriter,
  repairSnapshot,
  rewriteSnapshot,
  saveLive,
  saveRepaired,
  saveSnapshot,
  SnapshotRewriter,
  SnapshotWriter,
} from "./reference/saving/mod.ts";
export type {
  OpenSequentialOptions,
  SequentialReadOptions,
} from "./reference/sequential/mod.ts";
export {
  openSequential,
  SequentialBlock,
  SequentialSnapshot,
} from "./reference/sequential/mod.ts";
export type {
  ByteSink,
  ByteStore,
  FileSinkOptions,
  FileStore,
  FileStoreOptions,
  MemorySink,
} from "./reference/sinks/mod.ts";
export {
  createFileSink,
  memorySink,
  openFileStore,
} from "./reference/sinks/mod.ts";
export type {
  BitmapOrderEvidence,
  OpenOptions,
  RunOptions,
  VerifyOptions,
  VerifyReport,
} from "./reference/snapshot/mod.ts";
export {
  bitmapOrderEvidence,
  openSnapshot,
  openSnapshotSync,
  RAMBlock,
  Snapshot,
  SyncRAMBlock,
  SyncSnapshot,
  verifySnapshot,
} from "./reference/snapshot/mod.ts";
export type {
  BackingFile,
  ByteSource,
  CachedSource,
  CacheOptions,
  CacheStatistics,
  ReadOptions,
  ReadPart,
  SourceReadOptions,
  SyncByteSource,
  TakeBytes,
} from "./reference/sources/mod.ts";
export {
  blobSource,
  cachedSource,
  memorySource,
  SourceError,
} from "./reference/sources/mod.ts";
export type { ProfileRunsOptions } from "./reference/working_set/mod.ts";
export {
  loadProfile,
  mergeProfiles,
  profileRuns,
  snapshotIdentity,
  WorkingSetRecorder,
} from "./reference/working_set/mod.ts";
