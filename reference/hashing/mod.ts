/**
 * What checking and sealing have in common: the SHA-256 of every runtime, and
 * the parts of a file whose hashes are made together.
 *
 * @module
 */

export {
  type DataUnit,
  dataUnits,
  partsOf,
  UNIT,
  UNIT_CHUNKS,
  UNIT_LEVELS,
  unitCount,
  unitWork,
} from "./data_units.ts";
export { isHash, putHash, putHashes } from "./hash_digits.ts";
export {
  type Hashing,
  hashSync,
  hashWithRuntime,
  hasSyncHash,
  syncHash,
} from "./hashing.ts";
export { type ZeroBlock, zeroBlocks } from "./zero_hashes.ts";
