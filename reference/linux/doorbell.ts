import { entryUrl } from "../work/mod.ts";
import { POLLFD } from "./linux_structs.ts";
import { NativeMemory } from "./native_memory.ts";
import type { PollSet } from "./poll_set.ts";

/** What the thread of a doorbell is asked: to wait for these descriptors. */
export interface DoorbellTask {
  /** Where they stand, as `poll(2)` takes them. */
  readonly address: number;
  /** How many they are. */
  readonly count: number;
}

/** What is waited for. */
export interface Ringing {
  /** Resolves when one of the descriptors can be read. */
  readonly promise: Promise<void>;
  /** Whether it can. */
  readonly isDone: boolean;
}

/**
 * Waits for descriptors in a thread of its own, so that this one can do other
 * work. It only waits: what there is to read is read by who asked.
 */
export class Doorbell implements Disposable {
  readonly #memory = new NativeMemory(1024 * POLLFD.size);
  #isWaiting = false;
  readonly #worker = new Worker(
    entryUrl("./doorbell_worker.ts", import.meta.url),
    { type: "module" },
  );

  /** Waits for one of the descriptors. */
  ring(set: PollSet): Ringing {
    this.#isWaiting = true;
    const bytes = this.#memory.bytes();
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    const { length: count } = set.write(view);
    const promise = new Promise<void>((resolve, reject) => {
      this.#worker.onmessage = () => {
        this.#isWaiting = false;
        ringing.isDone = true;
        resolve();
      };
      this.#worker.onerror = (event) => {
        event.preventDefault();
        reject(new Error(event.message));
      };
      const task: DoorbellTask = { address: this.#memory.address, count };
      this.#worker.postMessage(task);
    });
    const ringing = { promise, isDone: false };
    return ringing;
  }

  /** Ends the thread; something must be there to be read, else it cannot end. */
  [Symbol.dispose](): void {
    this.#worker.terminate();
    // While it waits, the kernel may still write there.
    if (!this.#isWaiting) this.#memory.unmap();
  }
}
