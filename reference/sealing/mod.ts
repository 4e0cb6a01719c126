/**
 * Sealing: making the Merkle tree of fs-verity.
 *
 * @module
 */

export type { SealOptions, SealSummary } from "./seal_options.ts";
export { sealSource, verityDigest } from "./seal_source.ts";
