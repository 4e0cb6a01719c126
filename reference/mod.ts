/**
 * Reading and writing snapshots: sources, sinks, the lazy reader, the saver.
 *
 * @module
 */

export type { ExportOptions } from "./export_image.ts";
export { exportImage } from "./export_image.ts";
export type { OpenOptions } from "./open_snapshot.ts";
export { openSnapshot, openSnapshotSync } from "./open_snapshot.ts";
export type { PrefetchOptions } from "./prefetch.ts";
export { prefetch } from "./prefetch.ts";
export type { Progress } from "./progress.ts";
export type { RunOptions } from "./ram_block.ts";
export { RAMBlock } from "./ram_block.ts";
export type { PageTarget } from "./ram_block_writer.ts";
export { RAMBlockWriter } from "./ram_block_writer.ts";
export { rewriteSnapshot, SnapshotRewriter } from "./rewrite_snapshot.ts";
export type {
  RAMBlockInput,
  SaveOptions,
  SaveSummary,
} from "./save_snapshot.ts";
export { importImages, saveSnapshot } from "./save_snapshot.ts";
export type { ByteSink, ByteStore } from "./sinks/byte_sink.ts";
export type { FileSinkOptions } from "./sinks/file_sink.ts";
export { createFileSink } from "./sinks/file_sink.ts";
export type { FileStore } from "./sinks/file_store.ts";
export { openFileStore } from "./sinks/file_store.ts";
export type { MemorySink } from "./sinks/memory_sink.ts";
export { memorySink } from "./sinks/memory_sink.ts";
export { Snapshot, SyncSnapshot } from "./snapshot.ts";
export type { CreateOptions } from "./snapshot_writer.ts";
export { createSnapshot, SnapshotWriter } from "./snapshot_writer.ts";
export { blobSource } from "./sources/blob_source.ts";
export type {
  ByteSource,
  ReadOptions,
  ReadPart,
  SyncByteSource,
} from "./sources/byte_source.ts";
export type { HttpOptions } from "./sources/http_client.ts";
export type { HttpSource, HttpSourceOptions } from "./sources/http_source.ts";
export { openHttpSource } from "./sources/http_source.ts";
export type {
  CachedSource,
  CacheOptions,
  CacheStatistics,
} from "./sources/cached_source.ts";
export { cachedSource } from "./sources/cached_source.ts";
export type { FileSource } from "./sources/file_source.ts";
export { openFileSource } from "./sources/file_source.ts";
export { memorySource } from "./sources/memory_source.ts";
export { SourceError } from "./sources/source_error.ts";
export type { StreamFrame } from "./stream_frame.ts";
export { SyncRAMBlock } from "./sync_ram_block.ts";
export type { VerifyOptions, VerifyReport } from "./verify_snapshot.ts";
export { verifySnapshot } from "./verify_snapshot.ts";
export { PageBuffer } from "./zero_page.ts";
