/**
 * Whole snapshots: index, plan and device state.
 *
 * @module
 */

export { type DeviceState, walkDeviceState } from "./device_state.ts";
export {
  type IndexOptions,
  indexSnapshot,
  indexUnfinished,
  type UnfinishedRam,
} from "./index_snapshot.ts";
export type { SnapshotIndex } from "./snapshot_index.ts";
export {
  encodeEos,
  encodeHead,
  encodeTail,
  type PlacedBytes,
  type PlannedBlock,
  type PlanOptions,
  planSnapshot,
  type SnapshotPlan,
} from "./snapshot_plan.ts";
