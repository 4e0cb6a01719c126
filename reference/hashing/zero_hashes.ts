import { hexBytes } from "../../format/bytes/mod.ts";
import {
  HASH_LENGTH,
  HASHES_PER_BLOCK,
  VERITY_BLOCK,
} from "../../format/verity/mod.ts";
import type { Hashing } from "./hashing.ts";

/** A block whose data is all zero, or zero below it, and its hash. */
export interface ZeroBlock {
  readonly bytes: Uint8Array;
  /** In hexadecimal digits. */
  readonly hash: string;
}

/**
 * Computes the constants: index 0 is a data block of zeros, index n the block of
 * level n of a full subtree of zeros.
 */
export function* zeroBlocks(levelCount: number): Hashing<ZeroBlock[]> {
  const blocks: ZeroBlock[] = [];
  let bytes = new Uint8Array(VERITY_BLOCK);
  for (let level = 0; level <= levelCount; level++) {
    const [hash] = yield [bytes];
    blocks.push({ bytes, hash });
    bytes = new Uint8Array(VERITY_BLOCK);
    const binary = hexBytes(hash);
    for (let slot = 0; slot < HASHES_PER_BLOCK; slot++) {
      bytes.set(binary, slot * HASH_LENGTH);
    }
  }
  return blocks;
}
