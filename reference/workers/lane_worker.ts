/**
 * The thread of a lane: runs each task it receives, and answers when done.
 *
 * @module
 */

import { builtinModule } from "../local/mod.ts";
import { SourceError } from "../sources/mod.ts";
import { copyLane } from "./copy_lane.ts";
import {
  CONTROL,
  type LaneAnswer,
  type LaneFailure,
  type LaneTask,
} from "./lane_task.ts";

/** The message port to the thread that started this one. */
interface LanePort {
  onmessage: ((event: { readonly data: LaneTask }) => void) | null;
  postMessage(answer: LaneAnswer): void;
}

/**
 * Returns the port: the global scope of a web worker, or Node's `parentPort`.
 */
function portHere(): LanePort {
  if ("postMessage" in globalThis) return globalThis as unknown as LanePort;
  const { parentPort } = builtinModule("node:worker_threads", {
    what: "workers",
    action: "work in parallel",
  });
  return parentPort as unknown as LanePort;
}

const port = portHere();

port.onmessage = ({ data: task }) => {
  try {
    copyLane(task);
    port.postMessage({});
  } catch (error) {
    // The other lanes stop as well.
    Atomics.store(task.control, CONTROL.stop, 1);
    port.postMessage({ failure: describe(error) });
  }
};

function describe(error: unknown): LaneFailure {
  if (error instanceof SourceError) {
    const { source, message, range, changed } = error;
    return { source, message, range, changed };
  }
  return { source: "worker", message: String(error), range: undefined };
}
