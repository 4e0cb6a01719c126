/**
 * Sources of the disks in qcow2 images.
 *
 * @module
 */

export { openQcow2, openQcow2Sync, type Qcow2Options } from "./open_qcow2.ts";
export { Qcow2Source, SyncQcow2Source } from "./qcow2_source.ts";
export type { UnpackCluster } from "./unpack_cluster.ts";
