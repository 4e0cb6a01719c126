/**
 * The mapped-ram format: bytes to values and back. Pure: no I/O, no async, no
 * runtime API.
 *
 * @module
 */

export type { BitmapOrder } from "./bitmap/bitmap_order.ts";
export { DEFAULT_BITMAP_ORDER, toLsb0 } from "./bitmap/bitmap_order.ts";
export { BitmapPieces } from "./bitmap/bitmap_pieces.ts";
export type { UniformRun } from "./bitmap/bitmap_pieces.ts";
export type { ByteRange } from "./bytes/byte_range.ts";
export { rangeEnd } from "./bytes/byte_range.ts";
export { ByteReader } from "./bytes/byte_reader.ts";
export { ByteWriter } from "./bytes/byte_writer.ts";
export { writeCommand } from "./stream/command.ts";
export type { Configuration } from "./stream/configuration.ts";
export {
  readConfiguration,
  writeConfiguration,
} from "./stream/configuration.ts";
export type { DeviceState } from "./snapshot/device_state.ts";
export { walkDeviceState } from "./snapshot/device_state.ts";
export type { DialectRuleSlug } from "./rules/dialect_rules.ts";
export type { SequentialRuleSlug } from "./rules/sequential_rules.ts";
export type { SectionSkips } from "./sequential/sequential_sections.ts";
export type {
  DirtyBitmap,
  DirtyBitmapOptions,
} from "./dirty_bitmaps/dirty_bitmap_set.ts";
export { readDirtyBitmaps } from "./dirty_bitmaps/dirty_bitmap_set.ts";
export type { RamLayout } from "./ram/fixed_ram_header.ts";
export type { RuleViolation } from "./rules/errors.ts";
export { FormatError, RuleError, UnsupportedError } from "./rules/errors.ts";
export type { ForwardRequest } from "./stream/forward_reader.ts";
export { ForwardReader, isForward } from "./stream/forward_reader.ts";
export { hex } from "./rules/hex.ts";
export { findLastVmdesc } from "./vmdesc/last_vmdesc.ts";
export {
  alignUp,
  bitmapByteLength,
  pageCountOf,
  pageOffset,
  pagesOffsetAfter,
} from "./bitmap/layout.ts";
export { isPacked, unpackCommand } from "./libvirt/libvirt_packing.ts";
export type {
  LibvirtFormat,
  LibvirtSaveHeader,
} from "./libvirt/libvirt_save_header.ts";
export {
  LIBVIRT_HEADER_FIELDS,
  libvirtText,
  readLibvirtSaveHeader,
} from "./libvirt/libvirt_save_header.ts";
export type { MappedRamHeader } from "./ram/mapped_ram_header.ts";
export {
  readMappedRamHeader,
  writeMappedRamHeader,
} from "./ram/mapped_ram_header.ts";
export type {
  Section,
  SectionPart,
  StreamItem,
} from "./stream/migration_stream.ts";
export {
  writeSectionFooter,
  writeSectionHead,
  writeStreamHeader,
} from "./stream/migration_stream.ts";
export type { PageRun } from "./bitmap/page_bitmap.ts";
export { PageBitmap } from "./bitmap/page_bitmap.ts";
export type { PagePlace } from "./bitmap/page_walk.ts";
export { pageRunRange, readBlockRange } from "./bitmap/page_walk.ts";
export type {
  RamRecord,
  RamRecordKind,
  StreamBlock,
} from "./sequential/ram_record_walk.ts";
export { RamRecordWriter } from "./sequential/ram_records.ts";
export type { RAMBlockContext } from "./ram/ramblock_checks.ts";
export type { RAMBlockHeader } from "./ram/ramblock_header.ts";
export {
  readRAMBlockHeader,
  writeRAMBlockHeader,
} from "./ram/ramblock_header.ts";
export type { Rule, RuleKind, RuleSlug } from "./rules/rules.ts";
export { RULES } from "./rules/rules.ts";
export { walkSequentialStream } from "./sequential/sequential_stream.ts";
export type {
  SequentialEnd,
  SequentialHead,
  SequentialOptions,
  SequentialVisitor,
  UnreadRest,
} from "./sequential/sequential_visitor.ts";
export type { IndexOptions, UnfinishedRam } from "./snapshot/index_snapshot.ts";
export type { SnapshotIndex } from "./snapshot/snapshot_index.ts";
export { indexSnapshot, indexUnfinished } from "./snapshot/index_snapshot.ts";
export type {
  PlacedBytes,
  PlannedBlock,
  SnapshotPlan,
} from "./snapshot/snapshot_plan.ts";
export {
  encodeEos,
  encodeHead,
  encodeRamEnd,
  encodeTail,
  planSnapshot,
} from "./snapshot/snapshot_plan.ts";
export type { StreamKind } from "./stream/stream_kind.ts";
export { findStreamKind } from "./stream/stream_kind.ts";
export type { Report } from "./stream/stream_reader.ts";
export { StreamReader } from "./stream/stream_reader.ts";
export type { AcceptVmdesc, SectionLengths, Vmdesc } from "./vmdesc/vmdesc.ts";
export { fullSectionLengths } from "./vmdesc/vmdesc.ts";
export type { ScannedDevice } from "./vmdesc/vmdesc_devices.ts";
export { VmdescDevices } from "./vmdesc/vmdesc_devices.ts";
export type {
  DeviceField,
  DeviceStruct,
  FieldValue,
} from "./vmdesc/vmdesc_fields.ts";
export { decodeDevice } from "./vmdesc/vmdesc_fields.ts";
export type { JsonValue } from "./vmdesc/vmdesc_json.ts";
export { JsonObject, parseJson } from "./vmdesc/vmdesc_json.ts";
export type { ByteRequest, Walk, WalkedFile } from "./bytes/walk.ts";
export type {
  ProfileBlock,
  ProfileRun,
  WorkingSetProfile,
} from "./profile/working_set_profile.ts";
export { readProfile, writeProfile } from "./profile/working_set_profile.ts";
export type { DeltaFault } from "./sequential/xbzrle.ts";
export { applyXbzrle } from "./sequential/xbzrle.ts";
export * from "./stream/constants.ts";
