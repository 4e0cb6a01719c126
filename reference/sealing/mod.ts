/**
 * Sealing: making the Merkle tree of fs-verity.
 *
 * @module
 */

export type { SealJob, SealOptions, SealSummary } from "./seal_options.ts";
export { sealSource, verityDigest } from "./seal_source.ts";
export { startSealPool } from "./start_seal_pool.ts";
