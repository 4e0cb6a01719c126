/**
 * Checks of what is read, by the Merkle tree of fs-verity, and sealing: making
 * that tree.
 *
 * @module
 */

export {
  verifiedSource,
  type VerifiedSourceOptions,
  verifiedSourceSync,
} from "./open_verified_source.ts";
export { SyncVerifiedSource, VerifiedSource } from "./verified_source.ts";
