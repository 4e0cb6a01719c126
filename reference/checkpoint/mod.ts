/**
 * Snapshots that share the blocks of an earlier one on the disk.
 *
 * @module
 */

export type {
  CheckpointOptions,
  CheckpointSummary,
} from "./checkpoint_options.ts";
export { checkpointSnapshot } from "./checkpoint_snapshot.ts";
export { CloneError } from "./clone_error.ts";
