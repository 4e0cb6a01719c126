/**
 * Checks of what is read, by the Merkle tree of fs-verity, and sealing: making
 * that tree.
 *
 * @module
 */

export {
  checkSidecar,
  type CheckSidecarOptions,
  checkWhole,
  type CheckWholeOptions,
} from "./check_whole.ts";
export {
  sealedLength,
  sealedLengthSync,
  verifiedSource,
  type VerifiedSourceOptions,
  verifiedSourceSync,
} from "./open_verified_source.ts";
export type { SealOptions, SealSummary } from "./seal_options.ts";
export { sealSource, verityDigest } from "./seal_source.ts";
export type { SyncVerifiedSource, VerifiedSource } from "./verified_source.ts";
