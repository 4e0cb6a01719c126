/** Bytes of a block: of data, and of the tree. */
export const VERITY_BLOCK = 4096;

/** Bytes of a hash. */
export const HASH_LENGTH = 32;

/** Hashes in a block of the tree. */
export const HASHES_PER_BLOCK = VERITY_BLOCK / HASH_LENGTH;

/** Bytes of the descriptor, at the start of the sidecar's first block. */
export const DESCRIPTOR_LENGTH = 256;

/** Position of the tree in the sidecar. */
export const TREE_OFFSET = VERITY_BLOCK;

/** Position in the descriptor of the length of the file. */
export const DATA_SIZE_AT = 8;
