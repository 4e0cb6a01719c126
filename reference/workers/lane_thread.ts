import type { Worker as NodeWorker } from "node:worker_threads";
import { builtinModule } from "../local/mod.ts";
import { entryUrl } from "../work/mod.ts";
import type { LaneAnswer, LaneTask } from "./lane_task.ts";

/** Callbacks for the messages of a thread. */
export interface LaneListener {
  /** Receives the answer to a task. */
  onAnswer(answer: LaneAnswer): void;
  /** Receives the reason if the thread cannot answer. */
  onFailure(message: string): void;
}

/** A thread that copies pages: a web `Worker` or a worker thread of Node. */
export interface LaneThread {
  /** Sends a task; the answer, or the failure, goes to `listener`. */
  send(task: LaneTask, listener: LaneListener): void;
  /** Ends the thread. */
  terminate(): void;
}

/**
 * Starts a thread.
 *
 * @throws {SourceError} if the runtime has no threads
 */
export function startLaneThread(): LaneThread {
  const url = entryUrl("./lane_worker.ts", import.meta.url);
  return typeof Worker === "undefined"
    ? startNodeThread(url)
    : startWebThread(url);
}

function startWebThread(url: URL): LaneThread {
  const worker = new Worker(url, { type: "module" });
  const events = new LaneEvents();
  worker.onmessage = ({ data }: MessageEvent<LaneAnswer>) =>
    events.answer(data);
  worker.onerror = (event) => {
    event.preventDefault();
    events.fail(event.message);
  };
  return {
    send: (task, it) => events.listen(it, () => worker.postMessage(task)),
    terminate: () => worker.terminate(),
  };
}

/** Starts a worker thread of Node, which has no web `Worker`. */
function startNodeThread(url: URL): LaneThread {
  const { Worker } = builtinModule("node:worker_threads", {
    what: "workers",
    action: "work in parallel",
  });
  const worker: NodeWorker = new Worker(url);
  const events = new LaneEvents();
  worker.on("message", (answer: LaneAnswer) => events.answer(answer));
  worker.on("error", (error) => events.fail(String(error)));
  return {
    send: (task, it) => events.listen(it, () => worker.postMessage(task)),
    terminate: () => void worker.terminate(),
  };
}

/** What a thread reports: a failure is kept until there is a listener. */
class LaneEvents {
  #listener: LaneListener | undefined;
  #failure: string | undefined;

  /** The thread has done its task. */
  answer(answer: LaneAnswer): void {
    this.#listener?.onAnswer(answer);
  }

  /** The thread has failed, and answers no more. */
  fail(message: string): void {
    this.#failure = message;
    this.#listener?.onFailure(message);
  }

  /** Passes events to `listener`; calls `send` unless the thread has failed. */
  listen(listener: LaneListener, send: () => void): void {
    this.#listener = listener;
    if (this.#failure === undefined) send();
    else listener.onFailure(this.#failure);
  }
}
