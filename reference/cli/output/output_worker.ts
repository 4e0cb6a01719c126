/**
 * A thread that writes the bytes of each message to a file descriptor, and
 * blocks while the output is not read. It answers each message when it is
 * written, or with the error.
 *
 * @module
 */

import process from "node:process";
import { isatty } from "node:tty";
import { parentPort } from "node:worker_threads";
import { openUnblocked } from "./open_unblocked.ts";
import { writeAll } from "./write_all.ts";

/** Bytes to write, and where. */
export interface OutputTask {
  /** The file descriptor, the same in each task. */
  readonly fd: number;
  /** One 32-bit counter that increases as output is read. */
  readonly steps: SharedArrayBuffer;
  /** The bytes. */
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** The result of a task: the code and text of the error, if it failed. */
export interface OutputAnswer {
  readonly code?: string | undefined;
  readonly message?: string;
}

interface OutputPort {
  onmessage: ((event: { readonly data: OutputTask }) => void) | null;
  postMessage(answer: OutputAnswer): void;
}

/** Bytes per call: the progress within a larger call could not be seen. */
const STEP = 0x10000;

/** The port that tasks arrive at: Node has no global `postMessage`. */
const port =
  ("postMessage" in globalThis
    ? globalThis
    : parentPort) as unknown as OutputPort;
let descriptor: number | undefined;

port.onmessage = ({ data: { fd, steps, bytes } }) => {
  descriptor ??= endable(fd);
  const counter = new Int32Array(steps);
  try {
    for (let done = 0; done < bytes.length; done += STEP) {
      Atomics.add(counter, 0, 1);
      writeAll(descriptor, bytes.subarray(done, done + STEP));
    }
    port.postMessage({});
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    port.postMessage({ code, message });
  }
};

/**
 * Returns a descriptor whose writes do not delay the exit. Node waits for its
 * threads, and a thread does not end while it is blocked in the kernel by a
 * stopped terminal. Opened again, the terminal does not block this thread, and
 * blocks others as before.
 */
function endable(fd: number): number {
  if (process.versions.deno !== undefined || !isatty(fd)) return fd;
  return openUnblocked(fd) ?? fd;
}
