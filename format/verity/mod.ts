/**
 * The Merkle tree of fs-verity in a sidecar: where each hash is, and the
 * descriptor whose hash is the digest of the file.
 *
 * @module
 */

export { TreeGeometry, type TreeLevel } from "./tree_geometry.ts";
export {
  readVerityDescriptor,
  type VerityDescriptor,
  writeVerityDescriptor,
} from "./verity_descriptor.ts";
export { parseVerityDigest, verityDigestText } from "./verity_digest.ts";
export {
  DATA_SIZE_AT,
  DESCRIPTOR_LENGTH,
  HASH_LENGTH,
  HASHES_PER_BLOCK,
  TREE_OFFSET,
  VERITY_BLOCK,
} from "./verity_format.ts";
