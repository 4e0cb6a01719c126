/**
 * What snapshots are written to.
 *
 * @module
 */

export type { ByteSink, ByteStore } from "./byte_sink.ts";
export type { FileGroupOptions, PendingFile } from "./file_group.ts";
export { FileGroup } from "./file_group.ts";
export type { FileSinkOptions } from "./file_sink.ts";
export { createFileSink } from "./file_sink.ts";
export type { FileStore, FileStoreOptions } from "./file_store.ts";
export { openFileStore } from "./file_store.ts";
export type { MemorySink } from "./memory_sink.ts";
export { memorySink } from "./memory_sink.ts";
export type { OutputTarget } from "./output_target.ts";
export { outputTarget } from "./output_target.ts";
export { isPartialPath } from "./partial_file.ts";
export { tryFolder } from "./try_folder.ts";
