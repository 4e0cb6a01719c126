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
  return {
    send(task, { onAnswer, onFailure }) {
      worker.onmessage = ({ data }: MessageEvent<LaneAnswer>) => onAnswer(data);
      worker.onerror = (event) => {
        event.preventDefault();
        onFailure(event.message);
      };
      worker.postMessage(task);
    },
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
  // Events that arrive before there is a listener would be lost.
  let failure: string | undefined;
  let listener: LaneListener | undefined;
  const fail = (message: string) => {
    failure = message;
    listener?.onFailure(message);
  };
  worker.on("message", (answer: LaneAnswer) => listener?.onAnswer(answer));
  worker.on("error", (error) => fail(String(error)));
  return {
    send(task, it) {
      listener = it;
      if (failure === undefined) worker.postMessage(task);
      else it.onFailure(failure);
    },
    terminate: () => void worker.terminate(),
  };
}
