/**
 * Writes a snapshot from a migration stream as it arrives.
 *
 * @module
 */

export { MappedRamRecorder } from "./mapped_ram_recorder.ts";
export { recordedSummary } from "./recorded_summary.ts";
