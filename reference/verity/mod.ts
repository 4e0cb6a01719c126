/**
 * Checks of what is read, by the Merkle tree of fs-verity.
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
export type { SyncVerifiedSource, VerifiedSource } from "./verified_source.ts";
