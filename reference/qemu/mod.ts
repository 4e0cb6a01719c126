/**
 * A running QEMU: its sockets and processes, what it will load, and migrations
 * to and from it.
 *
 * @module
 */

export type { WaitOptions } from "../work/wait.ts";
export type { ByteChannel } from "../sockets/byte_channel.ts";
export type { ChildExit } from "./child_process.ts";
export { compareMachines } from "../machines/compare_machines.ts";
export { connectSocket } from "../sockets/connect_socket.ts";
export type { DataRangesOptions } from "../mapping/data_ranges.ts";
export { findDataRanges } from "../mapping/data_ranges.ts";
export type { DescribeQemuOptions } from "../machines/describe_qemu.ts";
export { describeQemu } from "../machines/describe_qemu.ts";
export { describeRunningQemu } from "../machines/describe_running_qemu.ts";
export { describeSnapshot } from "../machines/describe_snapshot.ts";
export type {
  IncomingGuest,
  IncomingMigration,
  IncomingOptions,
  MigrationAddress,
} from "./incoming.ts";
export { startIncoming } from "./incoming.ts";
export type {
  ListenOptions,
  SocketListener,
} from "../sockets/listen_socket.ts";
export { listenSocket } from "../sockets/listen_socket.ts";
export type {
  MachineBlock,
  MachineDescription,
  MachineField,
  MachineSection,
} from "../machines/machine_description.ts";
export type {
  DifferenceKind,
  MachineDifference,
  QemuOption,
} from "../machines/machine_difference.ts";
export type {
  MappedBlock,
  MappedResumeOptions,
  MappedResumePlan,
} from "../mapping/mapped_resume.ts";
export { planMappedResume } from "../mapping/mapped_resume.ts";
export type { MappedResumeReason } from "../mapping/mapped_resume_error.ts";
export { MappedResumeError } from "../mapping/mapped_resume_error.ts";
export type { PostcopyStatistics } from "../migration/page_writer.ts";
export type { PostcopyOptions } from "../migration/postcopy_options.ts";
export { PostcopySource } from "../migration/postcopy_source.ts";
export type { BlockRun } from "../migration/push_batches.ts";
export { QmpClient } from "./qmp_client.ts";
export type { QmpEvent, QmpObject, QmpRefusal } from "./qmp_message.ts";
export type { QemuFacts } from "./query_qemu.ts";
export { queryQemu } from "./query_qemu.ts";
export type { ListedRAMBlock } from "./ram_block_table.ts";
export { queryRAMBlocks } from "./ram_block_table.ts";
export type {
  ReceiveOptions,
  ReceiveSummary,
} from "../migration/receive_migration.ts";
export { receiveMigration } from "../migration/receive_migration.ts";
export { KeptStreamError } from "../migration/kept_stream_error.ts";
export type { ReceiveProgress } from "../migration/receive_report.ts";
export { RunningQemu } from "./running_qemu.ts";
export { createScratchSink } from "../sinks/scratch_sink.ts";
export type { SocketAddress } from "../sockets/socket_address.ts";
export { parseSocketAddress } from "../sockets/socket_address.ts";
export type { StaleOptions } from "../mapping/stale_pages.ts";
export type { StartQemuOptions } from "./start_qemu.ts";
export { startQemu } from "./start_qemu.ts";
export type {
  DeviceOnlyOptions,
  DeviceOnlySummary,
} from "../mapping/write_device_only.ts";
export { writeDeviceOnly } from "../mapping/write_device_only.ts";
