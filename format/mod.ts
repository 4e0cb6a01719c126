/**
 * The mapped-ram format: bytes to values and back. Pure: no I/O, no async, no
 * runtime API.
 *
 * @module
 */

export {
  type BitmapOrder,
  DEFAULT_BITMAP_ORDER,
  toLsb0,
} from "./bitmap/bitmap_order.ts";
export { BitmapPieces, type UniformRun } from "./bitmap/bitmap_pieces.ts";
export { type ByteRange, rangeEnd } from "./bytes/byte_range.ts";
export { ByteReader } from "./bytes/byte_reader.ts";
export { ByteWriter } from "./bytes/byte_writer.ts";
export { writeCommand } from "./stream/command.ts";
export {
  type Configuration,
  readConfiguration,
  writeConfiguration,
} from "./stream/configuration.ts";
export { type DeviceState, walkDeviceState } from "./snapshot/device_state.ts";
export type { DialectRuleSlug } from "./rules/dialect_rules.ts";
export type { SequentialRuleSlug } from "./rules/sequential_rules.ts";
export type { SectionSkips } from "./sequential/sequential_sections.ts";
export {
  type DirtyBitmap,
  type DirtyBitmapOptions,
  readDirtyBitmaps,
} from "./dirty_bitmaps/dirty_bitmap_set.ts";
export type { RamLayout } from "./ram/fixed_ram_header.ts";
export {
  FormatError,
  RuleError,
  type RuleViolation,
  UnsupportedError,
} from "./rules/errors.ts";
export {
  ForwardReader,
  type ForwardRequest,
  isForward,
} from "./stream/forward_reader.ts";
export { hex } from "./rules/hex.ts";
export { findLastVmdesc } from "./vmdesc/last_vmdesc.ts";
export {
  alignUp,
  bitmapByteLength,
  blockRange,
  pageCountOf,
  pageOffset,
  type PagePlace,
  pageRunRange,
  pagesOffsetAfter,
} from "./bitmap/layout.ts";
export { isPacked, unpackCommand } from "./libvirt/libvirt_packing.ts";
export {
  LIBVIRT_HEADER_FIELDS,
  type LibvirtFormat,
  type LibvirtSaveHeader,
  libvirtText,
  readLibvirtSaveHeader,
} from "./libvirt/libvirt_save_header.ts";
export {
  type MappedRamHeader,
  readMappedRamHeader,
  writeMappedRamHeader,
} from "./ram/mapped_ram_header.ts";
export {
  type Section,
  type SectionPart,
  type StreamItem,
  writeSectionFooter,
  writeSectionHead,
  writeStreamHeader,
} from "./stream/migration_stream.ts";
export { PageBitmap } from "./bitmap/page_bitmap.ts";
export type { PageRun } from "./bitmap/page_run.ts";
export { readBlockRange } from "./bitmap/page_walk.ts";
export type {
  RamRecord,
  RamRecordKind,
  StreamBlock,
} from "./sequential/ram_record_walk.ts";
export { RamRecordWriter } from "./sequential/ram_records.ts";
export type { RAMBlockContext } from "./ram/ramblock_checks.ts";
export type { RAMBlockHeader } from "./ram/ramblock_entry.ts";
export {
  readRAMBlockHeader,
  writeRAMBlockHeader,
} from "./ram/ramblock_header.ts";
export type { Rule, RuleKind } from "./rules/rule.ts";
export { RULES, type RuleSlug } from "./rules/rules.ts";
export { walkSequentialStream } from "./sequential/sequential_stream.ts";
export type {
  SequentialEnd,
  SequentialHead,
  SequentialOptions,
  SequentialVisitor,
  UnreadRest,
} from "./sequential/sequential_visitor.ts";
export {
  type IndexOptions,
  indexSnapshot,
  indexUnfinished,
  type UnfinishedRam,
} from "./snapshot/index_snapshot.ts";
export type { SnapshotIndex } from "./snapshot/snapshot_index.ts";
export {
  encodeEos,
  encodeHead,
  encodeRamEnd,
  encodeTail,
  type PlacedBytes,
  type PlannedBlock,
  planSnapshot,
  type SnapshotPlan,
} from "./snapshot/snapshot_plan.ts";
export { findStreamKind, type StreamKind } from "./stream/stream_kind.ts";
export { type Report, StreamReader } from "./stream/stream_reader.ts";
export {
  type AcceptVmdesc,
  fullSectionLengths,
  type SectionLengths,
  type Vmdesc,
} from "./vmdesc/vmdesc.ts";
export { type ScannedDevice, VmdescDevices } from "./vmdesc/vmdesc_devices.ts";
export type {
  DeviceField,
  DeviceStruct,
  FieldValue,
} from "./vmdesc/device_fields.ts";
export { decodeDevice } from "./vmdesc/vmdesc_fields.ts";
export { JsonObject, type JsonValue, parseJson } from "./vmdesc/vmdesc_json.ts";
export type { ByteRequest, Walk, WalkedFile } from "./bytes/walk.ts";
export { readProfile, writeProfile } from "./profile/profile_text.ts";
export type {
  ProfileBlock,
  ProfileRun,
  WorkingSetProfile,
} from "./profile/working_set_profile.ts";
export { applyXbzrle, type DeltaFault } from "./sequential/xbzrle.ts";
export * from "./stream/constants.ts";
