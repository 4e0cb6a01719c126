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

/**
 * Waits for descriptors in a thread of its own, so that this one can do other
 * work. It only waits: what there is to read is read by who asked.
 */
export class Doorbell implements Disposable {
  readonly #memory = new NativeMemory(1024 * POLLFD.size);
  readonly #worker = new Worker(
    new URL("./doorbell_worker.ts", import.meta.url),
    { type: "module" },
  );

  /** Resolves when one of the descriptors can be read. */
  ring(set: PollSet): Promise<void> {
    const bytes = this.#memory.bytes();
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    const { length: count } = set.write(view);
    return new Promise((resolve, reject) => {
      this.#worker.onmessage = () => resolve();
      this.#worker.onerror = (event) => {
        event.preventDefault();
        reject(new Error(event.message));
      };
      const task: DoorbellTask = { address: this.#memory.address, count };
      this.#worker.postMessage(task);
    });
  }

  /** Ends the thread; something must be there to be read, else it cannot end. */
  [Symbol.dispose](): void {
    this.#worker.terminate();
  }
}
