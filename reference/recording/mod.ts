/**
 * Writing a snapshot from a migration stream, as that comes.
 *
 * @module
 */

export { MappedRamRecorder } from "./mapped_ram_recorder.ts";
export { recordedSummary } from "./recorded_summary.ts";
