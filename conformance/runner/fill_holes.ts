import { createHash } from "node:crypto";

/** Bytes of a block. */
const BLOCK = 4096;
/** Hashes in a block. */
const FAN = 128;

/**
 * Fills the holes of the sidecar of a file of `dataLength` bytes, in place: a
 * block of zeros becomes the constant of its level, if it is full (SPEC.md
 * 14.6). A sidecar of another length is not changed.
 */
export function fillHoles(sidecar: Uint8Array, dataLength: number): void {
  const dataBlocks = Math.ceil(dataLength / BLOCK);
  const counts: number[] = [];
  for (let count = dataBlocks; count > 1;) {
    count = Math.ceil(count / FAN);
    counts.push(count);
  }
  const blocks = counts.reduce((sum, count) => sum + count, 1);
  if (sidecar.length !== blocks * BLOCK) return;
  let start = sidecar.length, span = 1, constant = new Uint8Array(BLOCK);
  for (const count of counts) {
    start -= count * BLOCK;
    span *= FAN;
    constant = constantAbove(constant);
    const full = Math.floor(dataBlocks / span);
    for (let at = start; at < start + full * BLOCK; at += BLOCK) {
      const block = sidecar.subarray(at, at + BLOCK);
      if (block.every((byte) => byte === 0)) block.set(constant);
    }
  }
}

/** Returns the hash of a block, 128 times. */
function constantAbove(block: Uint8Array): Uint8Array<ArrayBuffer> {
  const hash = createHash("sha256").update(block).digest();
  const above = new Uint8Array(BLOCK);
  for (let at = 0; at < BLOCK; at += hash.length) above.set(hash, at);
  return above;
}
