/**
 * Recordings of the pages that a guest has needed, in order.
 *
 * @module
 */

export { loadProfile } from "./load_profile.ts";
export { mergeProfiles } from "./merge_profiles.ts";
export { profileRuns, type ProfileRunsOptions } from "./profile_runs.ts";
export { snapshotIdentity } from "./snapshot_identity.ts";
export { WorkingSetRecorder } from "./working_set_recorder.ts";
