/**
 * Runs saved guests in an unmodified QEMU, by mapping the RAM or by postcopy;
 * receives the migration of a running QEMU; reports whether a snapshot will
 * load, and if not, why. Import `mapped-ram` for reading and saving.
 *
 * @module
 */

export type { BlockRun } from "../../format/bitmap/mod.ts";
export {
  type ProfileBlock,
  readProfile,
  type WorkingSetProfile,
  writeProfile,
} from "../../format/profile/mod.ts";
export {
  compareMachines,
  describeQemu,
  type DescribeQemuOptions,
  describeRunningQemu,
  describeSnapshot,
  type DifferenceKind,
  type MachineBlock,
  type MachineDescription,
  type MachineDifference,
  type MachineField,
  type MachineSection,
  type QemuOption,
} from "../machines/mod.ts";
export {
  type DataRangesOptions,
  type DeviceOnlyOptions,
  type DeviceOnlySummary,
  findDataRanges,
  type FindFileOptions,
  type MappedBlock,
  MappedResumeError,
  type MappedResumeOptions,
  type MappedResumePlan,
  type MappedResumeReason,
  planMappedResume,
  type StaleOptions,
  writeDeviceOnly,
} from "../mapping/mod.ts";
export {
  KeptStreamError,
  type PostcopyOptions,
  PostcopySource,
  type PostcopyStatistics,
  receiveMigration,
  type ReceiveOptions,
  type ReceiveProgress,
  type ReceiveSummary,
} from "../migration/mod.ts";
export {
  type ChildExit,
  type IncomingGuest,
  type IncomingMigration,
  type IncomingOptions,
  type MigrationAddress,
  NoAnswerError,
  ProgramEndedError,
  type QemuFacts,
  QmpClient,
  type QmpEvent,
  type QmpObject,
  type QmpRefusal,
  queryQemu,
  RunningQemu,
  startIncoming,
  startQemu,
  type StartQemuOptions,
} from "../qemu/mod.ts";
export { createScratchSink } from "../scratch/mod.ts";
export {
  type ByteChannel,
  connectSocket,
  type ListenOptions,
  listenSocket,
  type SocketListener,
} from "../sockets/mod.ts";
export {
  loadProfile,
  mergeProfiles,
  profileRuns,
  type ProfileRunsOptions,
  snapshotIdentity,
  WorkingSetRecorder,
} from "../working_set/mod.ts";
