import process from "node:process";
import { fileURLToPath } from "node:url";
import { entryUrl, mayAsk } from "../../work/mod.ts";
import type { OutputAnswer, OutputTask } from "./output_worker.ts";

/**
 * Writes to a file descriptor in a separate thread. Nothing else works for
 * every pipe, socket and terminal: `O_NONBLOCK` would apply to all processes
 * that share the descriptor, including the shell.
 */
export class OutputThread {
  readonly #fd: number;
  readonly #steps = new Int32Array(new SharedArrayBuffer(4));
  readonly #post: (task: OutputTask) => void;
  #waiting: PromiseWithResolvers<void> | undefined;
  #hasEnded = false;

  /** Starts the thread, for writes to `fd`. */
  constructor(fd: number) {
    this.#fd = fd;
    const url = entryUrl("./output_worker.ts", import.meta.url);
    if (!mayAsk({ name: "read", path: fileURLToPath(url) })) {
      // Deno prints why the thread cannot start, even if the error is handled.
      throw new Error("the thread may not be read");
    }
    // In Deno, a worker of node:worker_threads takes 9 ms to answer, this 50
    // µs.
    if (typeof Worker === "undefined") {
      // Importing it would slow down the start of the others.
      const threads = process.getBuiltinModule("node:worker_threads");
      const worker = new threads.Worker(url);
      worker.on("message", (answer: OutputAnswer) => this.#settle(answer));
      worker.on("error", (error) => this.#end(String(error)));
      worker.unref();
      this.#post = (task) => worker.postMessage(task);
    } else {
      const worker = new Worker(url, { type: "module" });
      worker.onmessage = ({ data }) => this.#settle(data);
      worker.onerror = (event) => {
        event.preventDefault();
        this.#end(event.message);
      };
      this.#post = (task) => worker.postMessage(task);
    }
  }

  /** A counter that increases as output is read; 0 until the thread runs. */
  get steps(): number {
    return Atomics.load(this.#steps, 0);
  }

  /**
   * Whether the thread could not start, because its module is missing, for
   * example. It has written nothing of its last bytes then.
   */
  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** Writes bytes, one call at a time. */
  write(bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    const waiting = Promise.withResolvers<void>();
    this.#waiting = waiting;
    this.#post({ fd: this.#fd, steps: this.#steps.buffer, bytes });
    return waiting.promise;
  }

  #end(message: string): void {
    this.#hasEnded = true;
    this.#settle({ message });
  }

  #settle({ message, code }: OutputAnswer): void {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    if (message === undefined) waiting?.resolve();
    else waiting?.reject(Object.assign(new Error(message), { code }));
  }
}
