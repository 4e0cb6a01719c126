/**
 * Reading and writing snapshots: sources, sinks, the lazy reader, the saver.
 *
 * @module
 */

export { checkCapabilities } from "./saving/capability_rules.ts";
export { AddressSpace } from "./convert/address_space.ts";
export type { PlacedRange } from "./convert/address_space.ts";
export type { DetectedFormat, MemoryFormat } from "./convert/detect_format.ts";
export { detectFormat } from "./convert/detect_format.ts";
export { exportMemory } from "./convert/export_memory.ts";
export type { GuestBlocksOptions } from "./convert/guest_blocks.ts";
export { guestBlocks } from "./convert/guest_blocks.ts";
export type { GuestMapOptions, GuestRange } from "./convert/guest_map.ts";
export { guestMap, GuestMapError } from "./convert/guest_map.ts";
export { imageOfRanges } from "./convert/image_of_ranges.ts";
export type { MemoryBlock, MemoryImage } from "./convert/memory_image.ts";
export { imageOf } from "./convert/memory_image.ts";
export { convertPacked } from "./convert/packed_to_mapped.ts";
export type { RangesOptions } from "./convert/ranges_of.ts";
export { openElfCore } from "./convert/read_elf_core.ts";
export { openLime } from "./convert/read_lime.ts";
export type { SequentialToMappedOptions } from "./convert/sequential_to_mapped.ts";
export { convertSequential } from "./convert/sequential_to_mapped.ts";
export type { ElfCoreSummary } from "./convert/write_elf_core.ts";
export { writeElfCore } from "./convert/write_elf_core.ts";
export { writeLime } from "./convert/write_lime.ts";
export type { WriteSequentialOptions } from "./convert/write_sequential.ts";
export { writeSequential } from "./convert/write_sequential.ts";
export { DirtyPages } from "./saving/dirty_pages.ts";
export type { BitmapOrderEvidence } from "./bitmap_order_evidence.ts";
export { bitmapOrderEvidence } from "./bitmap_order_evidence.ts";
export type {
  DeviceRecord,
  WithDevices,
} from "./device_state/device_states.ts";
export { deviceStates } from "./device_state/device_states.ts";
export type { DirtyBitmapsOptions } from "./device_state/dirty_bitmaps.ts";
export { dirtyBitmaps } from "./device_state/dirty_bitmaps.ts";
export type { LibvirtTexts } from "./libvirt/libvirt_image.ts";
export {
  readLibvirtHeader,
  readLibvirtTexts,
} from "./libvirt/libvirt_image.ts";
export type { UnpackSummary } from "./libvirt/unpack_libvirt.ts";
export { unpackLibvirt, unpackLibvirtTo } from "./libvirt/unpack_libvirt.ts";
export type {
  DirtyBitmapContent,
  DroppedBitmap,
  LoadedBitmaps,
} from "./device_state/load_dirty_bitmaps.ts";
export { loadDirtyBitmaps } from "./device_state/load_dirty_bitmaps.ts";
export type { ExportOptions } from "./export_image.ts";
export { exportImage } from "./export_image.ts";
export type { LiveRound, LiveRule } from "./saving/live_rounds.ts";
export { loadProfile } from "./working_set/load_profile.ts";
export { mergeProfiles } from "./working_set/merge_profiles.ts";
export type { OpenOptions } from "./open_snapshot.ts";
export { openSnapshot, openSnapshotSync } from "./open_snapshot.ts";
export type {
  PageInstaller,
  PostcopyMemory,
  SyncPostcopyMemory,
} from "./postcopy/page_installer.ts";
export type {
  LoadPendingOptions,
  PostcopyLoaderOptions,
} from "./postcopy_loader.ts";
export { PostcopyLoader } from "./postcopy_loader.ts";
export type { PrefetchOptions } from "./prefetch.ts";
export type { BackingFile } from "./local/backing.ts";
export type { BlockShare } from "./parallel/block_share.ts";
export { SharedBlockWriter } from "./parallel/block_share.ts";
export { prefetch } from "./prefetch.ts";
export type { ProfileRunsOptions } from "./working_set/profile_runs.ts";
export { profileRuns } from "./working_set/profile_runs.ts";
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
export type {
  ReceiveOptions,
  ReceiveSummary,
} from "./qemu/receive_migration.ts";
export { receiveMigration } from "./qemu/receive_migration.ts";
export type { ReceiveProgress } from "./qemu/receive_report.ts";
export { RunningQemu } from "./qemu/running_qemu.ts";
export { createScratchSink } from "./qemu/scratch_sink.ts";
export type { SocketAddress } from "./qemu/socket_address.ts";
export { parseSocketAddress } from "./qemu/socket_address.ts";
export type { StaleOptions } from "./qemu/stale_pages.ts";
export type { StartQemuOptions } from "./qemu/start_qemu.ts";
export { startQemu } from "./qemu/start_qemu.ts";
export type {
  DeviceOnlyOptions,
  DeviceOnlySummary,
} from "./qemu/write_device_only.ts";
export { writeDeviceOnly } from "./qemu/write_device_only.ts";
export type { RepairOptions, RepairSummary } from "./saving/repair_snapshot.ts";
export { repairSnapshot, saveRepaired } from "./saving/repair_snapshot.ts";
export type { RunOptions } from "./ram_block.ts";
export { RAMBlock } from "./ram_block.ts";
export type { PageTarget } from "./saving/ram_block_writer.ts";
export { RAMBlockWriter } from "./saving/ram_block_writer.ts";
export type { RewriteFinishOptions } from "./saving/rewrite_snapshot.ts";
export {
  rewriteSnapshot,
  SnapshotRewriter,
} from "./saving/rewrite_snapshot.ts";
export type {
  LiveOptions,
  LiveRAMBlockInput,
  LiveSummary,
} from "./saving/save_live.ts";
export { saveLive } from "./saving/save_live.ts";
export type {
  RAMBlockInput,
  SaveOptions,
  SaveSummary,
} from "./save_snapshot.ts";
export { importImages, saveSnapshot } from "./save_snapshot.ts";
export { SequentialBlock } from "./sequential/sequential_block.ts";
export type { SequentialReadOptions } from "./sequential/sequential_options.ts";
export type { OpenSequentialOptions } from "./sequential/sequential_snapshot.ts";
export {
  openSequential,
  SequentialSnapshot,
} from "./sequential/sequential_snapshot.ts";
export type { ByteSink, ByteStore } from "./sinks/byte_sink.ts";
export type { FileSinkOptions } from "./sinks/file_sink.ts";
export { createFileSink } from "./sinks/file_sink.ts";
export type { FileStore } from "./sinks/file_store.ts";
export type { FileStoreOptions } from "./sinks/file_store.ts";
export { openFileStore } from "./sinks/file_store.ts";
export type { MemorySink } from "./sinks/memory_sink.ts";
export { memorySink } from "./sinks/memory_sink.ts";
export { isPartialPath } from "./sinks/partial_file.ts";
export { Snapshot, SyncSnapshot } from "./snapshot.ts";
export { snapshotIdentity } from "./working_set/snapshot_identity.ts";
export type { CreateOptions } from "./snapshot_writer.ts";
export { createSnapshot, SnapshotWriter } from "./snapshot_writer.ts";
export { blobSource } from "./sources/blob_source.ts";
export type {
  ByteSource,
  ReadOptions,
  ReadPart,
  SourceReadOptions,
  SyncByteSource,
  TakeBytes,
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
export type { FileSource, FileSourceOptions } from "./sources/file_source.ts";
export { openFileSource } from "./sources/file_source.ts";
export { memorySource } from "./sources/memory_source.ts";
export { SourceError } from "./sources/source_error.ts";
export type { StreamFrame } from "./saving/stream_frame.ts";
export { SyncPostcopyLoader } from "./postcopy/sync_postcopy_loader.ts";
export { SyncRAMBlock } from "./sync_ram_block.ts";
export type { VerifyOptions, VerifyReport } from "./verify_snapshot.ts";
export { verifySnapshot } from "./verify_snapshot.ts";
export { WorkingSetRecorder } from "./working_set/working_set_recorder.ts";
export type { WaitOptions } from "./wait.ts";
export { PageBuffer } from "./zero_page.ts";
