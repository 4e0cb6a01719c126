/**
 * Sinks that snapshots are written to.
 *
 * @module
 */

export { BackgroundFlush } from "./background_flush.ts";
export type { ByteSink, ByteStore } from "./byte_sink.ts";
export { createFileSink, type FileSinkOptions } from "./file_sink.ts";
export {
  type FileStore,
  type FileStoreOptions,
  openFileStore,
} from "./file_store.ts";
export { type MemorySink, memorySink } from "./memory_sink.ts";
export { isPrivate, removeLeftovers, withLeftovers } from "./leftovers.ts";
export {
  outputFolder,
  type OutputTarget,
  outputTarget,
  physicalPath,
} from "./output_target.ts";
export {
  createPartial,
  discardPartial,
  type OwnPartial,
  statOf,
} from "./own_partial.ts";
export { isPartialPath } from "./partial_file.ts";
