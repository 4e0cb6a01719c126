import { HASH_LENGTH } from "../../format/verity/mod.ts";

/** The value of each hexadecimal digit, by its character code. */
const DIGITS = new Uint8Array(128);
for (let value = 0; value < 16; value++) {
  DIGITS[value.toString(16).charCodeAt(0)] = value;
}

/** Whether the digits of a hash are those of the one in a block at `start`. */
export function isHash(
  digits: string,
  block: Uint8Array,
  start: number,
): boolean {
  for (let index = 0; index < HASH_LENGTH; index++) {
    if (byteOf(digits, index) !== block[start + index]) return false;
  }
  return true;
}

/** Writes the digits of a hash to a block at `start`, as bytes. */
export function putHash(
  digits: string,
  block: Uint8Array,
  start: number,
): void {
  for (let index = 0; index < HASH_LENGTH; index++) {
    block[start + index] = byteOf(digits, index);
  }
}

/**
 * Writes the digits of hashes to blocks from `start` on, one after the other:
 * without the loop of {@linkcode putHash}, which is slow until it is compiled.
 */
export function putHashes(
  hashes: readonly string[],
  blocks: Uint8Array,
  start: number,
): void {
  if (blocks.setFromHex === undefined) {
    for (const hash of hashes) {
      putHash(hash, blocks, start);
      start += HASH_LENGTH;
    }
    return;
  }
  const end = start + hashes.length * HASH_LENGTH;
  blocks.subarray(start, end).setFromHex(hashes.join(""));
}

function byteOf(digits: string, index: number): number {
  const high = DIGITS[digits.charCodeAt(2 * index)];
  return high * 16 + DIGITS[digits.charCodeAt(2 * index + 1)];
}
