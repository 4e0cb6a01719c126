/**
 * Reading and writing snapshots: sources, sinks, the lazy reader, the saver.
 *
 * @module
 */

export type { ExportOptions } from "./export_image.ts";
export { exportImage } from "./export_image.ts";
export { loadProfile } from "./load_profile.ts";
export { mergeProfiles } from "./merge_profiles.ts";
export type { OpenOptions } from "./open_snapshot.ts";
export { openSnapshot, openSnapshotSync } from "./open_snapshot.ts";
export type { PrefetchOptions } from "./prefetch.ts";
export { prefetch } from "./prefetch.ts";
export type { ProfileRunsOptions } from "./profile_runs.ts";
export { profileRuns } from "./profile_runs.ts";
export type { Progress } from "./progress.ts";
export type { ByteChannel } from "./qemu/byte_channel.ts";
export type { ChildExit } from "./qemu/child_process.ts";
export { compareMachines } from "./qemu/compare_machines.ts";
export { connectSocket } from "./qemu/connect_socket.ts";
export type { DataRangesOptions } from "./qemu/data_ranges.ts";
export { findDataRanges } from "./qemu/data_ranges.ts";
export type { DescribeQemuOptions } from "./qemu/describe_qemu.ts";
export { describeQemu } from "./qemu/describe_qemu.ts";
export { describeRunningQemu } from "./qemu/describe_running_qemu.ts";
export { describeSnapshot } from "./qemu/describe_snapshot.ts";
export type {
  IncomingGuest,
  IncomingMigration,
  IncomingOptions,
  MigrationAddress,
} from "./qemu/incoming.ts";
export { startIncoming } from "./qemu/incoming.ts";
export type { SocketListener } from "./qemu/listen_socket.ts";
export { listenSocket } from "./qemu/listen_socket.ts";
export type {
  MachineBlock,
  MachineDescription,
  MachineField,
  MachineSection,
} from "./qemu/machine_description.ts";
export type {
  DifferenceKind,
  MachineDifference,
} from "./qemu/machine_difference.ts";
export type {
  MappedBlock,
  MappedResumeOptions,
  MappedResumePlan,
} from "./qemu/mapped_resume.ts";
export { planMappedResume } from "./qemu/mapped_resume.ts";
export type { MappedResumeReason } from "./qemu/mapped_resume_error.ts";
export { MappedResumeError } from "./qemu/mapped_resume_error.ts";
export type { PostcopyStatistics } from "./qemu/page_writer.ts";
export type { PostcopyOptions } from "./qemu/postcopy_source.ts";
export { PostcopySource } from "./qemu/postcopy_source.ts";
export type { BlockRun } from "./qemu/push_pages.ts";
export { QmpClient } from "./qemu/qmp_client.ts";
export type { QmpEvent, QmpObject, QmpRefusal } from "./qemu/qmp_message.ts";
export type { QemuFacts } from "./qemu/query_qemu.ts";
export { queryQemu } from "./qemu/query_qemu.ts";
export { RunningQemu } from "./qemu/running_qemu.ts";
export { createScratchSink } from "./qemu/scratch_sink.ts";
export type { StaleOptions } from "./qemu/stale_pages.ts";
export type { StartQemuOptions } from "./qemu/start_qemu.ts";
export { startQemu } from "./qemu/start_qemu.ts";
export type {
  DeviceOnlyOptions,
  DeviceOnlySummary,
} from "./qemu/write_device_only.ts";
export { writeDeviceOnly } from "./qemu/write_device_only.ts";
export type { RunOptions } from "./ram_block.ts";
export { RAMBlock } from "./ram_block.ts";
export type { PageTarget } from "./ram_block_writer.ts";
export { RAMBlockWriter } from "./ram_block_writer.ts";
export { rewriteSnapshot, SnapshotRewriter } from "./rewrite_snapshot.ts";
export type {
  RAMBlockInput,
  SaveOptions,
  SaveSummary,
} from "./save_snapshot.ts";
export { importImages, saveSnapshot } from "./save_snapshot.ts";
export type { ByteSink, ByteStore } from "./sinks/byte_sink.ts";
export type { FileSinkOptions } from "./sinks/file_sink.ts";
export { createFileSink } from "./sinks/file_sink.ts";
export type { FileStore } from "./sinks/file_store.ts";
export { openFileStore } from "./sinks/file_store.ts";
export type { MemorySink } from "./sinks/memory_sink.ts";
export { memorySink } from "./sinks/memory_sink.ts";
export { Snapshot, SyncSnapshot } from "./snapshot.ts";
export { snapshotIdentity } from "./snapshot_identity.ts";
export type { CreateOptions } from "./snapshot_writer.ts";
export { createSnapshot, SnapshotWriter } from "./snapshot_writer.ts";
export { blobSource } from "./sources/blob_source.ts";
export type {
  ByteSource,
  ReadOptions,
  ReadPart,
  SyncByteSource,
} from "./sources/byte_source.ts";
export type { HttpOptions } from "./sources/http_client.ts";
export type { HttpSource, HttpSourceOptions } from "./sources/http_source.ts";
export { openHttpSource } from "./sources/http_source.ts";
export type {
  CachedSource,
  CacheOptions,
  CacheStatistics,
} from "./sources/cached_source.ts";
export { cachedSource } from "./sources/cached_source.ts";
export type { FileSource } from "./sources/file_source.ts";
export { openFileSource } from "./sources/file_source.ts";
export { memorySource } from "./sources/memory_source.ts";
export { SourceError } from "./sources/source_error.ts";
export type { StreamFrame } from "./stream_frame.ts";
export { SyncRAMBlock } from "./sync_ram_block.ts";
export type { VerifyOptions, VerifyReport } from "./verify_snapshot.ts";
export { verifySnapshot } from "./verify_snapshot.ts";
export { WorkingSetRecorder } from "./working_set_recorder.ts";
export type { WaitOptions } from "./wait.ts";
export { PageBuffer } from "./zero_page.ts";
