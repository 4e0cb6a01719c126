/**
 * Sources of the disks in qcow2 images.
 *
 * @module
 */

export type { Address } from "./backing_places.ts";
export {
  type BackingFilesOptions,
  openBackingFiles,
  openBackingFilesSync,
} from "./open_backing_files.ts";
export {
  type OpenBacking,
  type OpenBackingSync,
  openQcow2,
  openQcow2Sync,
  type Qcow2Options,
  type SyncQcow2Options,
} from "./open_qcow2.ts";
export { isQcow2Source } from "./qcow2_disk.ts";
export type { Qcow2Source, SyncQcow2Source } from "./qcow2_source.ts";
export { findShortBase, type ShortBase, shortestEnd } from "./short_base.ts";
export type { UnpackCluster, UnpackClusterSync } from "./unpack_cluster.ts";
