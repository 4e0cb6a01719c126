import {
  closeSync,
  openSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from "node:fs";

/** Bytes of a block. */
export const BLOCK = 4096;
/** Data below a block of level 2. */
export const UNIT = 128 * 128 * BLOCK;

/** Returns bytes that depend on the seed; every third block is zero. */
export function mixedBytes(length: number, seed: number): Uint8Array {
  const bytes = new Uint8Array(length);
  let state = seed;
  for (let at = 0; at < length; at++) {
    if (Math.floor(at / BLOCK) % 3 === 1) continue;
    state = (state * 1103515245 + 12345) % 0x80000000;
    bytes[at] = state >> 16;
  }
  return bytes;
}

/** Makes a sparse file of random bytes at some positions. */
export function sparseFile(
  path: string,
  length: number,
  data: Readonly<Record<number, number>>,
): void {
  writeFileSync(path, "");
  truncateSync(path, length);
  const fd = openSync(path, "r+");
  for (const [position, size] of Object.entries(data)) {
    const at = Number(position);
    writeSync(fd, mixedBytes(size, at + 1), 0, size, at);
  }
  closeSync(fd);
}
