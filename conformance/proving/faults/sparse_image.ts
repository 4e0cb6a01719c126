import { closeSync, ftruncateSync, openSync, writeSync } from "node:fs";

const MIB = 0x100000;
const PIECES = 64;

/** Size of the image in bytes: large enough for two threads. */
export const IMAGE_LENGTH = 160 * MIB;

/** Writes an image with 16 MiB in evenly spread pieces, and holes. */
export function writeSparseImage(path: string): void {
  const fd = openSync(path, "w");
  ftruncateSync(fd, IMAGE_LENGTH);
  const bytes = new Uint8Array(MIB / 4).fill(7);
  const distance = Math.floor(IMAGE_LENGTH / PIECES);
  for (let piece = 0; piece < PIECES; piece++) {
    writeSync(fd, bytes, 0, bytes.length, piece * distance);
  }
  closeSync(fd);
}
