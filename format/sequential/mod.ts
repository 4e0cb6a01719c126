/**
 * Migration streams without mapped-ram: records of pages, and deltas.
 *
 * @module
 */

export {
  ForwardReader,
  type ForwardRequest,
  isForward,
} from "./forward_reader.ts";
export type {
  RamRecord,
  RamRecordKind,
  StreamBlock,
} from "./ram_record_walk.ts";
export { RamRecordWriter } from "./ram_records.ts";
export type { SectionSkips } from "./sequential_sections.ts";
export { walkSequentialStream } from "./sequential_stream.ts";
export type {
  SequentialEnd,
  SequentialHead,
  SequentialOptions,
  SequentialVisitor,
  UnreadRest,
} from "./sequential_visitor.ts";
export { findStreamKind, type StreamKind } from "./stream_kind.ts";
export { applyXbzrle, type DeltaFault } from "./xbzrle.ts";
