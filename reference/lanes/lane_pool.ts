import { Thread } from "../threads/mod.ts";
import { SourceError } from "../sources/mod.ts";
import { Pace } from "../work/mod.ts";
import {
  type LaneAnswer,
  type LaneFailure,
  type SharedTask,
  stopLanes,
} from "./shared_task.ts";

/** Milliseconds between two calls of `onPoll`. */
const POLL = 50;

/** Options of `LanePool.run`. */
export interface LanePoolOptions {
  /** Stops the lanes; the work then rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /** Called periodically while the lanes work, and once at the end. */
  readonly onPoll?: (() => void) | undefined;
  /**
   * Does the work of one more lane on the calling thread, in short steps: it
   * works while the threads start. Default: the calling thread only waits.
   */
  readonly steps?: Iterable<void> | undefined;
}

/**
 * A pool of threads that work in parallel. All of them work on each task; they
 * end when the pool is disposed.
 */
export class LanePool<Task extends SharedTask> implements Disposable {
  readonly #threads: readonly Thread<LaneAnswer>[];

  /**
   * Starts `count` threads with the module at a URL, which calls `serveLanes`.
   *
   * @throws {SourceError} if the runtime has no threads
   */
  constructor(url: URL, count: number) {
    this.#threads = Array.from({ length: count }, () => new Thread(url));
  }

  /** Runs a task; resolves when every lane has stopped. */
  async run(task: Task, options: LanePoolOptions = {}): Promise<void> {
    const { signal, onPoll, steps = [] } = options;
    signal?.throwIfAborted();
    const stop = () => stopLanes(task.control);
    signal?.addEventListener("abort", stop);
    const timer = setInterval(() => onPoll?.(), POLL);
    try {
      const lanes = this.#threads.map((thread) => runLane(thread, task));
      const here = await workHere(steps, task.control);
      const answers = await Promise.all(lanes);
      if (here !== undefined) throw here.error;
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

/** Works on the calling thread; returns the error that stopped it, if any. */
async function workHere(
  steps: Iterable<void>,
  control: Int32Array,
): Promise<{ readonly error: unknown } | undefined> {
  const pace = new Pace();
  try {
    for (const _ of steps) await pace.step();
    return undefined;
  } catch (error) {
    stopLanes(control);
    return { error };
  }
}

function runLane(
  thread: Thread<LaneAnswer>,
  task: SharedTask,
): Promise<LaneAnswer> {
  return new Promise((resolve) => {
    thread.onmessage = ({ data }) => resolve(data);
    thread.onerror = (error) => {
      stopLanes(task.control);
      const message = `Cannot work in parallel: ${error.message}`;
      resolve({ failure: { source: "workers", message, range: undefined } });
    };
    thread.postMessage(task);
  });
}

function errorOf(
  { source, message, range, changed = false }: LaneFailure,
): SourceError {
  const where = range === undefined ? {} : { range };
  return new SourceError(source, message, { ...where, changed });
}
