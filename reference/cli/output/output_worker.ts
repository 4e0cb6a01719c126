/**
 * A thread that writes what it is sent to a file descriptor, and may wait there
 * for as long as nobody reads. Answers each message when it is written, or with
 * the error.
 *
 * @module
 */

import process from "node:process";
import { isatty } from "node:tty";
import { parentPort } from "node:worker_threads";
import { openUnblocked } from "./open_unblocked.ts";
import { writeAll } from "./write_all.ts";

/** What is to be written, and where. */
export interface OutputTask {
  /** The file descriptor, the same in each task. */
  readonly fd: number;
  /** One 32-bit number that rises while the reader reads. */
  readonly steps: SharedArrayBuffer;
  /** What is to be written. */
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** How a task went: the code and text of the error, if it failed. */
export interface OutputAnswer {
  readonly code?: string | undefined;
  readonly message?: string;
}

interface OutputPort {
  onmessage: ((event: { readonly data: OutputTask }) => void) | null;
  postMessage(answer: OutputAnswer): void;
}

/** Bytes a call: what is written of more is not seen until all of it is. */
const STEP = 0x10000;

/** Where tasks come from: Node has no `postMessage` of the web. */
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
 * A descriptor whose writes do not hold up the exit. Node waits for its threads
 * then, and one that waits in the kernel for a terminal that is stopped does not
 * end. Opened anew, the terminal does not block, and blocks others as before.
 */
function endable(fd: number): number {
  if (process.versions.deno !== undefined || !isatty(fd)) return fd;
  return openUnblocked(fd) ?? fd;
}
