import { writeSync } from "node:fs";

/** Milliseconds between two tries where the descriptor does not block. */
const FULL_INTERVAL = 5;

/** Writes all of `bytes`, and waits for as long as the reader does not read. */
export function writeAll(fd: number, bytes: Uint8Array): void {
  for (let done = 0; done < bytes.length;) {
    try {
      done += writeSync(fd, bytes, done);
    } catch (error) {
      // QEMU, or whoever shares the descriptor, has made it non-blocking.
      if ((error as NodeJS.ErrnoException).code !== "EAGAIN") throw error;
      const nothing = new Int32Array(new SharedArrayBuffer(4));
      Atomics.wait(nothing, 0, 0, FULL_INTERVAL);
    }
  }
}

/**
 * Writes what a descriptor that does not block takes of `bytes`; returns how many
 * bytes that were.
 */
export function writeSome(fd: number, bytes: Uint8Array): number {
  for (let done = 0;;) {
    try {
      done += writeSync(fd, bytes, done);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EAGAIN") throw error;
      return done;
    }
    if (done === bytes.length) return done;
  }
}
