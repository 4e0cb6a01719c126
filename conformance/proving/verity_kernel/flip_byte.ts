import { closeSync, openSync, readSync, writeSync } from "node:fs";

/** Flips a bit of the byte at an offset of a file. */
export function flipByte(path: string, offset: number): void {
  const fd = openSync(path, "r+");
  const byte = new Uint8Array(1);
  readSync(fd, byte, 0, 1, offset);
  byte[0] ^= 1;
  writeSync(fd, byte, 0, 1, offset);
  closeSync(fd);
}
