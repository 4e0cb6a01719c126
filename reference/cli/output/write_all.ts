import { writeSync } from "node:fs";

/** Milliseconds between two tries where the descriptor does not block. */
const FULL_INTERVAL = 5;
/**
 * Bytes a call, PIPE_BUF of Linux: a pipe that does not block takes so many or
 * none. Of a longer write that did not fit, Deno does not say how much did.
 */
const ATOMIC = 4096;

/** Writes all of `bytes`, and waits for as long as the reader does not read. */
export function writeAll(fd: number, bytes: Uint8Array): void {
  for (let done = 0; done < bytes.length;) {
    const written = writeSome(fd, bytes.subarray(done));
    done += written;
    if (written > 0) continue;
    // QEMU, or whatever shares the descriptor, has made it non-blocking.
    const nothing = new Int32Array(new SharedArrayBuffer(4));
    Atomics.wait(nothing, 0, 0, FULL_INTERVAL);
  }
}

/**
 * Writes as much of `bytes` as a descriptor that does not block takes; returns
 * how many bytes that were.
 */
export function writeSome(fd: number, bytes: Uint8Array): number {
  let done = 0;
  while (done < bytes.length) {
    try {
      done += writeSync(fd, bytes, done, Math.min(ATOMIC, bytes.length - done));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EAGAIN") throw error;
      break;
    }
  }
  return done;
}
