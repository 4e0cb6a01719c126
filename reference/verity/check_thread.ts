import { hasSyncHash } from "../hashing/mod.ts";
import { SourceError } from "../sources/mod.ts";
import { Thread } from "../threads/mod.ts";
import { entryUrl, mayAsk } from "../work/mod.ts";
import type { CheckAnswer, CheckTask } from "./check_task.ts";

/** Bytes of streams after which a thread is worth its start. */
const WORTH = 0x800000;
/** Tasks that the thread has at a time; the caller checks others meanwhile. */
const TASKS_MAX = 3;
/** Milliseconds after the last stream for which the thread is kept. */
const LINGER = 100;

interface Waiting {
  resolve(answer: CheckAnswer): void;
  reject(error: Error): void;
}

/**
 * A thread that shares the checks of long streams. It is started when there are
 * many bytes, and ends soon after the last stream: a thread keeps a process from
 * ending. Where none can be started, the caller checks everything.
 */
export class CheckThread {
  readonly #name: string;
  #thread: Thread<CheckAnswer> | undefined;
  #isReady = false;
  #isUnavailable = !hasSyncHash;
  #streams = 0;
  #bytes = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** The tasks that it has, in order. */
  readonly #waiting: Waiting[] = [];

  /** `name` is that of the source in errors. */
  constructor(name: string) {
    this.#name = name;
  }

  /** Runs a stream, during which the thread may be used. */
  async during(stream: () => Promise<void>): Promise<void> {
    this.#streams++;
    clearTimeout(this.#timer);
    try {
      await stream();
    } finally {
      this.#streams--;
      if (this.#streams === 0) {
        this.#timer = setTimeout(() => this.#end(), LINGER);
      }
    }
  }

  /** Whether to pass it the next task, of that many bytes. */
  takes(byteLength: number): boolean {
    this.#bytes += byteLength;
    if (this.#isReady) return this.#waiting.length < TASKS_MAX;
    const isDue = !this.#isUnavailable && this.#thread === undefined &&
      this.#bytes >= WORTH;
    if (isDue) this.#start();
    return false;
  }

  /** Checks blocks. Their buffer is transferred, and comes with the answer. */
  check(task: CheckTask): Promise<CheckAnswer> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      this.#thread?.postMessage(task, [task.bytes.buffer]);
    });
  }

  #start(): void {
    const url = entryUrl("./check_worker.ts", import.meta.url);
    try {
      const isFile = url.protocol === "file:";
      if (!mayAsk({ name: "read", ...isFile ? { path: url.pathname } : {} })) {
        this.#isUnavailable = true;
        return;
      }
      const thread = new Thread<CheckAnswer>(url);
      this.#thread = thread;
      thread.onmessage = ({ data }) => {
        if (this.#thread !== thread) return;
        if (this.#isReady) this.#waiting.shift()?.resolve(data);
        else this.#isReady = data.isRight;
      };
      thread.onerror = ({ message }) => this.#fail(message);
    } catch {
      this.#isUnavailable = true;
    }
  }

  /** Until it is ready, nothing is lost with it. */
  #fail(message: string): void {
    this.#isUnavailable = true;
    const waiting = this.#waiting.splice(0);
    this.#end();
    for (const { reject } of waiting) {
      reject(
        new SourceError(
          this.#name,
          `Cannot check ${JSON.stringify(this.#name)} in parallel: ${message}`,
        ),
      );
    }
  }

  #end(): void {
    this.#thread?.terminate();
    this.#thread = undefined;
    this.#isReady = false;
    this.#bytes = 0;
    this.#waiting.length = 0;
  }
}
