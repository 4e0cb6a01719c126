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
export type { DialectRuleSlug } from "./dialect_rules.ts";
export type { SequentialRuleSlug } from "./sequential_rules.ts";
export type { SectionSkips } from "./sequential_sections.ts";
export type { DirtyBitmap, DirtyBitmapOptions } from "./dirty_bitmap_set.ts";
export { readDirtyBitmaps } from "./dirty_bitmap_set.ts";
export type { RamLayout } from "./fixed_ram_header.ts";
export type { RuleViolation } from "./errors.ts";
export { FormatError, RuleError, UnsupportedError } from "./errors.ts";
export type { ForwardRequest } from "./forward_reader.ts";
export { ForwardReader, isForward } from "./forward_reader.ts";
export { hex } from "./hex.ts";
export { findLastVmdesc } from "./last_vmdesc.ts";
export {
  alignUp,
  bitmapByteLength,
  pageCountOf,
  pageOffset,
  pagesOffsetAfter,
} from "./layout.ts";
export { isPacked, unpackCommand } from "./libvirt_packing.ts";
export type {
  LibvirtFormat,
  LibvirtSaveHeader,
} from "./libvirt_save_header.ts";
export {
  LIBVIRT_HEADER_FIELDS,
  libvirtText,
  readLibvirtSaveHeader,
} from "./libvirt_save_header.ts";
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
export type {
  RamRecord,
  RamRecordKind,
  StreamBlock,
} from "./ram_record_walk.ts";
export { RamRecordWriter } from "./ram_records.ts";
export type { RAMBlockContext } from "./ramblock_checks.ts";
export type { RAMBlockHeader } from "./ramblock_header.ts";
export { readRAMBlockHeader, writeRAMBlockHeader } from "./ramblock_header.ts";
export type { Rule, RuleKind, RuleSlug } from "./rules.ts";
export { RULES } from "./rules.ts";
export { walkSequentialStream } from "./sequential_stream.ts";
export type {
  SequentialEnd,
  SequentialHead,
  SequentialOptions,
  SequentialVisitor,
  UnreadRest,
} from "./sequential_visitor.ts";
export type { IndexOptions, UnfinishedRam } from "./index_snapshot.ts";
export type { SnapshotIndex } from "./snapshot_index.ts";
export { indexSnapshot, indexUnfinished } from "./index_snapshot.ts";
export type {
  PlacedBytes,
  PlannedBlock,
  SnapshotPlan,
} from "./snapshot_plan.ts";
export {
  encodeEos,
  encodeHead,
  encodeRamEnd,
  encodeTail,
  planSnapshot,
} from "./snapshot_plan.ts";
export type { StreamKind } from "./stream_kind.ts";
export { findStreamKind } from "./stream_kind.ts";
export type { Report } from "./stream_reader.ts";
export { StreamReader } from "./stream_reader.ts";
export type { AcceptVmdesc, SectionLengths, Vmdesc } from "./vmdesc.ts";
export { fullSectionLengths } from "./vmdesc.ts";
export type { ScannedDevice } from "./vmdesc_devices.ts";
export { VmdescDevices } from "./vmdesc_devices.ts";
export type { DeviceField, DeviceStruct, FieldValue } from "./vmdesc_fields.ts";
export { decodeDevice } from "./vmdesc_fields.ts";
export type { JsonValue } from "./vmdesc_json.ts";
export { JsonObject, parseJson } from "./vmdesc_json.ts";
export type { ByteRequest, Walk, WalkedFile } from "./walk.ts";
export type {
  ProfileBlock,
  ProfileRun,
  WorkingSetProfile,
} from "./working_set_profile.ts";
export { readProfile, writeProfile } from "./working_set_profile.ts";
export type { DeltaFault } from "./xbzrle.ts";
export { applyXbzrle } from "./xbzrle.ts";
export * from "./constants.ts";
