import { SourceError } from "../sources/mod.ts";
import {
  CONTROL,
  type LaneAnswer,
  type LaneFailure,
  type LaneTask,
} from "./lane_task.ts";
import { type LaneThread, startLaneThread } from "./lane_thread.ts";

/** Milliseconds between two calls of `onPoll`. */
const POLL = 50;

/** Options of `LanePool.run`. */
export interface LanePoolOptions {
  /** Stops the lanes; the work then rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /** Called periodically while the lanes work, and once at the end. */
  readonly onPoll?: (() => void) | undefined;
}

/**
 * A pool of threads that copy pages in parallel. All of them work on each task;
 * they end when the pool is disposed.
 */
export class LanePool implements Disposable {
  readonly #threads: readonly LaneThread[];

  /**
   * Starts `count` threads.
   *
   * @throws {SourceError} if the runtime has no threads
   */
  constructor(count: number) {
    this.#threads = Array.from({ length: count }, startLaneThread);
  }

  /** Runs a task; resolves when every lane has stopped. */
  async run(task: LaneTask, options: LanePoolOptions = {}): Promise<void> {
    const { signal, onPoll } = options;
    signal?.throwIfAborted();
    const stop = () => void Atomics.store(task.control, CONTROL.stop, 1);
    signal?.addEventListener("abort", stop);
    const timer = setInterval(() => onPoll?.(), POLL);
    try {
      const lanes = this.#threads.map((thread) => runLane(thread, task));
      const answers = await Promise.all(lanes);
      const failure = answers.find((answer) => answer.failure !== undefined)
        ?.failure;
      if (failure !== undefined) throw errorOf(failure);
      signal?.throwIfAborted();
      onPoll?.();
    } finally {
      clearInterval(timer);
      signal?.removeEventListener("abort", stop);
    }
  }

  /** Ends the threads. */
  [Symbol.dispose](): void {
    for (const thread of this.#threads) thread.terminate();
  }
}

function runLane(thread: LaneThread, task: LaneTask): Promise<LaneAnswer> {
  return new Promise((resolve) => {
    thread.send(task, {
      onAnswer: resolve,
      onFailure(reason) {
        Atomics.store(task.control, CONTROL.stop, 1);
        const message = `Cannot work in parallel: ${reason}`;
        resolve({ failure: { source: "workers", message, range: undefined } });
      },
    });
  });
}

function errorOf(
  { source, message, range, changed = false }: LaneFailure,
): SourceError {
  const where = range === undefined ? {} : { range };
  return new SourceError(source, message, { ...where, changed });
}
