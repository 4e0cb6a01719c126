/**
 * qcow2 images: the header, the tables, and where each byte of the disk is.
 *
 * @module
 */

export { isQcow2, type Qcow2Header, readQcow2Header } from "./qcow2_header.ts";
export type { Qcow2Backing } from "./qcow2_names.ts";
export { type KeptTables, type Qcow2Extent, Qcow2Map } from "./qcow2_map.ts";
export { type Qcow2Tables, readQcow2Tables } from "./qcow2_tables.ts";
export { zstdFrameLength } from "./zstd_frame.ts";
