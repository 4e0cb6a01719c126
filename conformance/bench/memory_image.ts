import { closeSync, ftruncateSync, openSync, writeSync } from "node:fs";
import { PAGE_SIZE, presentPages, randomNumbers } from "./guest_memory.ts";

/** Length of the random bytes that pages are taken from. */
const RANDOM_LENGTH = 0x4000000;

/**
 * Writes an image of which the given share is random and the rest is written
 * zeros, in runs of 32 pages on average. Returns the number of random pages.
 */
export function writeImage(
  path: string,
  byteLength: number,
  share: number,
): number {
  const pageCount = byteLength / PAGE_SIZE;
  const present = presentPages(pageCount, share);
  const random = new Uint8Array(RANDOM_LENGTH);
  for (let at = 0; at < random.length; at += 0x10000) {
    crypto.getRandomValues(random.subarray(at, at + 0x10000));
  }
  const numbers = randomNumbers(5);
  const fd = openSync(path, "w");
  const piece = new Uint8Array(0x400000);
  let count = 0;
  for (let offset = 0; offset < byteLength; offset += piece.length) {
    piece.fill(0);
    for (let at = 0; at < piece.length; at += PAGE_SIZE) {
      if (present[(offset + at) / PAGE_SIZE] !== 1) continue;
      const from = Math.floor(numbers() * (RANDOM_LENGTH - PAGE_SIZE));
      piece.set(random.subarray(from, from + PAGE_SIZE), at);
      count++;
    }
    writeSync(
      fd,
      piece,
      0,
      Math.min(piece.length, byteLength - offset),
      offset,
    );
  }
  ftruncateSync(fd, byteLength);
  closeSync(fd);
  return count;
}
