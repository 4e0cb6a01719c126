/**
 * Resuming by mapping: QEMU maps the RAM privately from the snapshot's file.
 *
 * @module
 */

export { type DataRangesOptions, findDataRanges } from "./data_ranges.ts";
export type { FindFileOptions } from "./find_file.ts";
export type { MappedBlock } from "./mapped_arguments.ts";
export {
  type MappedResumeOptions,
  type MappedResumePlan,
  planMappedResume,
} from "./mapped_resume.ts";
export {
  MappedResumeError,
  type MappedResumeReason,
} from "./mapped_resume_error.ts";
export type { StaleOptions } from "./stale_pages.ts";
export {
  type DeviceOnlyOptions,
  type DeviceOnlySummary,
  writeDeviceOnly,
} from "./write_device_only.ts";
