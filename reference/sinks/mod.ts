/**
 * What snapshots are written to.
 *
 * @module
 */

export { BackgroundFlush } from "./background_flush.ts";
export type { ByteSink, ByteStore } from "./byte_sink.ts";
export {
  FileGroup,
  type FileGroupOptions,
  type PendingFile,
} from "./file_group.ts";
export { createFileSink, type FileSinkOptions } from "./file_sink.ts";
export {
  type FileStore,
  type FileStoreOptions,
  openFileStore,
} from "./file_store.ts";
export { type MemorySink, memorySink } from "./memory_sink.ts";
export {
  outputFolder,
  type OutputTarget,
  outputTarget,
} from "./output_target.ts";
export { isPartialPath } from "./partial_file.ts";
export { createScratchSink } from "./scratch_sink.ts";
export { tryFolder } from "./try_folder.ts";
