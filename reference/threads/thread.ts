import { builtinModule } from "../local/mod.ts";

const USE = { what: "threads", action: "start a thread" };

/** The message port between two threads, as one of them sees it. */
export interface ThreadPort<Received, Sent> {
  /** Is called with each message. */
  onmessage: ((event: { readonly data: Received }) => void) | null;
  /** Sends a message that can be cloned; `transfer` is moved, not copied. */
  postMessage(message: Sent, transfer?: ArrayBuffer[]): void;
}

/** A thread: a web `Worker`, or a worker thread of Node, which has none. */
export class Thread<Answer> implements ThreadPort<Answer, unknown> {
  onmessage: ThreadPort<Answer, unknown>["onmessage"] = null;
  readonly #worker: {
    postMessage(message: unknown, transfer: ArrayBuffer[]): void;
    terminate(): unknown;
  };
  #onerror: ((error: { readonly message: string }) => void) | null = null;
  #isTerminated = false;
  #error: { readonly message: string } | undefined;

  /**
   * Starts a thread with the module at a URL.
   *
   * @throws {SourceError} if the runtime has no threads
   */
  constructor(url: URL) {
    this.#worker = typeof Worker === "undefined"
      ? this.#startNodeWorker(url)
      : this.#startWebWorker(url);
  }

  /**
   * Is called with the error that ended the thread, at once if that has happened
   * already.
   */
  set onerror(
    listener: ((error: { readonly message: string }) => void) | null,
  ) {
    this.#onerror = listener;
    if (this.#error !== undefined) listener?.(this.#error);
  }

  postMessage(message: unknown, transfer: ArrayBuffer[] = []): void {
    if (this.#error === undefined) this.#worker.postMessage(message, transfer);
  }

  /** Ends the thread. */
  terminate(): void {
    this.#isTerminated = true;
    void this.#worker.terminate();
  }

  #startWebWorker(url: URL): Worker {
    const worker = new Worker(url, { type: "module" });
    worker.onmessage = (event: MessageEvent<Answer>) => this.onmessage?.(event);
    worker.onerror = (event) => {
      event.preventDefault(); // otherwise Deno ends this thread, too
      this.#fail(event.message);
    };
    // Bun tells that a thread has ended; browsers and Deno do not.
    worker.addEventListener("close", () => this.#end());
    return worker;
  }

  #startNodeWorker(url: URL) {
    const { Worker } = builtinModule("node:worker_threads", USE);
    const worker = new Worker(url);
    worker.on("message", (data: Answer) => this.onmessage?.({ data }));
    worker.on("error", (error) => this.#fail(String(error)));
    worker.on("exit", () => this.#end());
    return worker;
  }

  /** Nobody answers any more; that is an error unless it was terminated. */
  #end(): void {
    if (!this.#isTerminated && this.#error === undefined) {
      this.#fail("the thread has ended");
    }
  }

  #fail(message: string): void {
    this.#error = { message };
    this.#onerror?.(this.#error);
  }
}

/**
 * Returns the port to the thread that started this one: the global scope of a web
 * worker, or Node's `parentPort`.
 */
export function threadPort<Task, Answer>(): ThreadPort<Task, Answer> {
  const port: unknown = "postMessage" in globalThis
    ? globalThis
    : builtinModule("node:worker_threads", USE).parentPort;
  return port as ThreadPort<Task, Answer>;
}
