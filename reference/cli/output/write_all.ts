import { writeSync } from "node:fs";

/** Milliseconds between two tries if the descriptor does not block. */
const FULL_INTERVAL = 5;
/**
 * Bytes per call, PIPE_BUF of Linux: a non-blocking pipe takes all of them or
 * none. If only part of a longer write fits, Deno does not report how much.
 */
const ATOMIC = 4096;

/** Writes all of `bytes`, and waits while the reader does not read. */
export function writeAll(fd: number, bytes: Uint8Array): void {
  for (let done = 0; done < bytes.length;) {
    const written = writeSome(fd, bytes.subarray(done));
    done += written;
    if (written > 0) continue;
    // A process that shares the descriptor, such as QEMU, has made it
    // non-blocking.
    const nothing = new Int32Array(new SharedArrayBuffer(4));
    Atomics.wait(nothing, 0, 0, FULL_INTERVAL);
  }
}

/**
 * Writes as much of `bytes` as a non-blocking descriptor takes; returns the
 * number of bytes.
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
