import { HASH_LENGTH } from "../../format/verity/mod.ts";

/** Whether a hash is the one that a block of hashes has at `start`. */
export function isHash(
  hash: Uint8Array,
  block: Uint8Array,
  start: number,
): boolean {
  for (let index = 0; index < HASH_LENGTH; index++) {
    if (hash[index] !== block[start + index]) return false;
  }
  return true;
}
