/**
 * A running QEMU: its sockets and processes, what it will load, and migrations
 * to and from it.
 *
 * @module
 */

export type { WaitOptions } from "../wait.ts";
export type { ByteChannel } from "./byte_channel.ts";
export type { ChildExit } from "./child_process.ts";
export { compareMachines } from "./compare_machines.ts";
export { connectSocket } from "./connect_socket.ts";
export type { DataRangesOptions } from "./data_ranges.ts";
export { findDataRanges } from "./data_ranges.ts";
export type { DescribeQemuOptions } from "./describe_qemu.ts";
export { describeQemu } from "./describe_qemu.ts";
export { describeRunningQemu } from "./describe_running_qemu.ts";
export { describeSnapshot } from "./describe_snapshot.ts";
export type {
  IncomingGuest,
  IncomingMigration,
  IncomingOptions,
  MigrationAddress,
} from "./incoming.ts";
export { startIncoming } from "./incoming.ts";
export type { ListenOptions, SocketListener } from "./listen_socket.ts";
export { listenSocket } from "./listen_socket.ts";
export type {
  MachineBlock,
  MachineDescription,
  MachineField,
  MachineSection,
} from "./machine_description.ts";
export type {
  DifferenceKind,
  MachineDifference,
  QemuOption,
} from "./machine_difference.ts";
export type {
  MappedBlock,
  MappedResumeOptions,
  MappedResumePlan,
} from "./mapped_resume.ts";
export { planMappedResume } from "./mapped_resume.ts";
export type { MappedResumeReason } from "./mapped_resume_error.ts";
export { MappedResumeError } from "./mapped_resume_error.ts";
export type { PostcopyStatistics } from "./page_writer.ts";
export type { PostcopyOptions } from "./postcopy_options.ts";
export { PostcopySource } from "./postcopy_source.ts";
export type { BlockRun } from "./push_batches.ts";
export { QmpClient } from "./qmp_client.ts";
export type { QmpEvent, QmpObject, QmpRefusal } from "./qmp_message.ts";
export type { QemuFacts } from "./query_qemu.ts";
export { queryQemu } from "./query_qemu.ts";
export type { ListedRAMBlock } from "./ram_block_table.ts";
export { queryRAMBlocks } from "./ram_block_table.ts";
export type { ReceiveOptions, ReceiveSummary } from "./receive_migration.ts";
export { receiveMigration } from "./receive_migration.ts";
export { KeptStreamError } from "./kept_stream_error.ts";
export type { ReceiveProgress } from "./receive_report.ts";
export { RunningQemu } from "./running_qemu.ts";
export { createScratchSink } from "./scratch_sink.ts";
export type { SocketAddress } from "./socket_address.ts";
export { parseSocketAddress } from "./socket_address.ts";
export type { StaleOptions } from "./stale_pages.ts";
export type { StartQemuOptions } from "./start_qemu.ts";
export { startQemu } from "./start_qemu.ts";
export type {
  DeviceOnlyOptions,
  DeviceOnlySummary,
} from "./write_device_only.ts";
export { writeDeviceOnly } from "./write_device_only.ts";
