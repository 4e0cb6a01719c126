/**
 * Parts of a new qcow2 image: the header, entries, where clusters go, and how
 * often each is used.
 *
 * @module
 */

export {
  type FilledSpace,
  placeClusters,
  type PlacedClusters,
} from "./cluster_space.ts";
export {
  type RefcountLayout,
  refcountLayout,
  writeRefcountBlock,
  writeRefcountTable,
} from "./refcounts.ts";
export { compressedEntry, usedEntry, ZERO_ENTRY } from "./write_entry.ts";
export { type NewQcow2, writeQcow2Header } from "./write_header.ts";
