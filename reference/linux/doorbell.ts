import { Thread } from "../threads/mod.ts";
import { entryUrl } from "../work/mod.ts";
import { POLLFD } from "./linux_structs.ts";
import { NativeMemory } from "./native_memory.ts";
import type { PollSet } from "./poll_set.ts";

/** A task of a doorbell's thread: to poll these descriptors. */
export interface DoorbellTask {
  /** Address of an array of `struct pollfd`. */
  readonly address: number;
  /** Number of its elements. */
  readonly count: number;
}

/** A pending wait of a doorbell. */
export interface Ringing {
  /** Resolves when one of the descriptors is ready. */
  readonly promise: Promise<void>;
  /** Whether the promise has settled. */
  readonly isDone: boolean;
}

/**
 * Polls descriptors on a thread of its own, so that the caller's thread can do
 * other work. It only polls; the caller does the reading.
 */
export class Doorbell implements Disposable {
  readonly #memory = new NativeMemory(1024 * POLLFD.size);
  #isWaiting = false;
  readonly #worker = new Thread<number>(
    entryUrl("./doorbell_worker.ts", import.meta.url),
  );

  /** Waits until one of the descriptors is ready. */
  ring(set: PollSet): Ringing {
    this.#isWaiting = true;
    const bytes = this.#memory.bytes();
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    const { length: count } = set.write(view);
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const ringing = { promise, isDone: false };
    const end = () => {
      this.#isWaiting = false;
      ringing.isDone = true;
    };
    this.#worker.onmessage = () => {
      end();
      resolve();
    };
    // Is called at once if the thread has ended already.
    this.#worker.onerror = (event) => {
      end();
      reject(new Error(event.message));
    };
    const task: DoorbellTask = { address: this.#memory.address, count };
    this.#worker.postMessage(task);
    return ringing;
  }

  /** Ends the thread. A descriptor must be ready, or the thread cannot end. */
  [Symbol.dispose](): void {
    this.#worker.terminate();
    // While the thread waits, the kernel may still write to this memory.
    if (!this.#isWaiting) this.#memory.unmap();
  }
}
