/**
 * QEMU's migration protocol: a postcopy source of pages, and a receiver.
 *
 * @module
 */

export { KeptStreamError } from "./kept_stream_error.ts";
export type { PostcopyStatistics } from "./page_writer.ts";
export type { PostcopyOptions } from "./postcopy_options.ts";
export { PostcopySource } from "./postcopy_source.ts";
export {
  receiveMigration,
  type ReceiveOptions,
  type ReceiveSummary,
} from "./receive_migration.ts";
export type { ReceiveProgress } from "./receive_report.ts";
