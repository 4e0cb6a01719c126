/**
 * What differs between two snapshots.
 *
 * @module
 */

export type { BlockDiff, DiffOptions, DiffSummary } from "./diff_options.ts";
export { diffSnapshots } from "./diff_snapshots.ts";
export type { SharedExtents } from "./extent_files.ts";
export type {
  ConfigurationDifference,
  ConfigurationProperty,
  ConfigurationValue,
  FieldDifference,
  PageChange,
  PagesDifference,
  SectionDifference,
  SnapshotDifference,
} from "./snapshot_difference.ts";
