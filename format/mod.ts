/**
 * The mapped-ram format: bytes to values and back. Pure: no I/O, no async, no
 * runtime API.
 *
 * @module
 */

export type { BitmapOrder } from "./bitmap_order.ts";
export { DEFAULT_BITMAP_ORDER, toLsb0 } from "./bitmap_order.ts";
export { BitmapPieces } from "./bitmap_pieces.ts";
export type { UniformRun } from "./bitmap_pieces.ts";
export type { ByteRange } from "./byte_range.ts";
export { rangeEnd } from "./byte_range.ts";
export { ByteReader } from "./byte_reader.ts";
export { ByteWriter } from "./byte_writer.ts";
export { writeCommand } from "./command.ts";
export type { Configuration } from "./configuration.ts";
export { readConfiguration, writeConfiguration } from "./configuration.ts";
export type { DeviceState } from "./device_state.ts";
export { walkDeviceState } from "./device_state.ts";
export type { RuleViolation } from "./errors.ts";
export { FormatError, RuleError, UnsupportedError } from "./errors.ts";
export { hex } from "./hex.ts";
export {
  alignUp,
  bitmapByteLength,
  pageCountOf,
  pageOffset,
  pagesOffsetAfter,
} from "./layout.ts";
export type { MappedRamHeader } from "./mapped_ram_header.ts";
export {
  readMappedRamHeader,
  writeMappedRamHeader,
} from "./mapped_ram_header.ts";
export type { Section, SectionPart, StreamItem } from "./migration_stream.ts";
export {
  writeSectionFooter,
  writeSectionHead,
  writeStreamHeader,
} from "./migration_stream.ts";
export type { PageRun } from "./page_bitmap.ts";
export { PageBitmap } from "./page_bitmap.ts";
export type { PagePlace } from "./page_walk.ts";
export { pageRunRange, readBlockRange } from "./page_walk.ts";
export { RamRecordWriter } from "./ram_records.ts";
export type { RAMBlockContext } from "./ramblock_checks.ts";
export type { RAMBlockHeader } from "./ramblock_header.ts";
export { readRAMBlockHeader, writeRAMBlockHeader } from "./ramblock_header.ts";
export type { Rule, RuleKind, RuleSlug } from "./rules.ts";
export { RULES } from "./rules.ts";
export type { IndexOptions, SnapshotIndex } from "./snapshot_index.ts";
export { indexSnapshot } from "./snapshot_index.ts";
export type {
  PlacedBytes,
  PlannedBlock,
  SnapshotPlan,
} from "./snapshot_plan.ts";
export {
  encodeEos,
  encodeHead,
  encodeTail,
  planSnapshot,
} from "./snapshot_plan.ts";
export type { Report } from "./stream_reader.ts";
export { StreamReader } from "./stream_reader.ts";
export type { Vmdesc } from "./vmdesc.ts";
export type { ByteRequest, Walk, WalkedFile } from "./walk.ts";
export type {
  ProfileBlock,
  ProfileRun,
  WorkingSetProfile,
} from "./working_set_profile.ts";
export { readProfile, writeProfile } from "./working_set_profile.ts";
export * from "./constants.ts";
