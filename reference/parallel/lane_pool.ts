import { SourceError } from "../sources/source_error.ts";
import {
  CONTROL,
  type LaneAnswer,
  type LaneFailure,
  type LaneTask,
} from "./lane_task.ts";

/** Milliseconds between two looks at how far the lanes are. */
const POLL = 50;

/** What to do while the lanes are at work. */
export interface LanePoolOptions {
  /** Stops the lanes; the work then rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /** Is called now and then. */
  readonly onPoll?: (() => void) | undefined;
}

/**
 * Threads that copy pages side by side. A task is done by all of them; they end
 * when the pool is disposed of.
 */
export class LanePool implements Disposable {
  readonly #workers: readonly Worker[];

  /** Starts `count` threads. */
  constructor(count: number) {
    if (typeof Worker === "undefined") {
      throw new SourceError(
        "workers",
        "Cannot work in parallel: this runtime has no Worker",
      );
    }
    const url = new URL("./lane_worker.ts", import.meta.url);
    this.#workers = Array.from(
      { length: count },
      () => new Worker(url, { type: "module" }),
    );
  }

  /** Does a task; resolves when every lane has stopped. */
  async run(task: LaneTask, options: LanePoolOptions = {}): Promise<void> {
    const { signal, onPoll } = options;
    signal?.throwIfAborted();
    const stop = () => void Atomics.store(task.control, CONTROL.stop, 1);
    signal?.addEventListener("abort", stop);
    const timer = setInterval(() => onPoll?.(), POLL);
    try {
      const lanes = this.#workers.map((worker) => runLane(worker, task));
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
    for (const worker of this.#workers) worker.terminate();
  }
}

function runLane(worker: Worker, task: LaneTask): Promise<LaneAnswer> {
  return new Promise((resolve) => {
    worker.onmessage = ({ data }: MessageEvent<LaneAnswer>) => resolve(data);
    worker.onerror = (event) => {
      event.preventDefault();
      Atomics.store(task.control, CONTROL.stop, 1);
      const message = `Cannot work in parallel: ${event.message}`;
      resolve({ failure: { source: "workers", message, range: undefined } });
    };
    worker.postMessage(task);
  });
}

function errorOf({ source, message, range }: LaneFailure): SourceError {
  return new SourceError(source, message, range === undefined ? {} : { range });
}
