/**
 * Packing into qcow2 images.
 *
 * @module
 */

export { chainFiles, openChain } from "./chain_files.ts";
export { checkSameLayout } from "./check_same_layout.ts";
export { chooseCompression } from "./cluster_compressor.ts";
export { diskData } from "./disk_data.ts";
export type { PackBacking, PackOptions, PackSummary } from "./pack_options.ts";
export { packQcow2 } from "./pack_qcow2.ts";
export { checkClusterSize } from "./pack_plan.ts";
export {
  frameRanges,
  snapshotRanges,
  type SnapshotRangesOptions,
} from "./snapshot_ranges.ts";
export { checkExact, snapshotLength } from "./snapshot_length.ts";
export { type UnpackOptions, unpackQcow2 } from "./unpack_qcow2.ts";
