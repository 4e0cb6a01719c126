/**
 * The thread of a lane: does each task it is sent, and answers when it is done.
 *
 * @module
 */

import { SourceError } from "../sources/source_error.ts";
import { copyLane } from "./copy_lane.ts";
import {
  CONTROL,
  type LaneAnswer,
  type LaneFailure,
  type LaneTask,
} from "./lane_task.ts";

/** What a worker has instead of a window. */
interface WorkerScope {
  onmessage: ((event: MessageEvent<LaneTask>) => void) | null;
  postMessage(answer: LaneAnswer): void;
}

const scope = globalThis as unknown as WorkerScope;

scope.onmessage = ({ data: task }) => {
  try {
    copyLane(task);
    scope.postMessage({});
  } catch (error) {
    // The other lanes need not go on.
    Atomics.store(task.control, CONTROL.stop, 1);
    scope.postMessage({ failure: describe(error) });
  }
};

function describe(error: unknown): LaneFailure {
  if (error instanceof SourceError) {
    const { source, message, range } = error;
    return { source, message, range };
  }
  return { source: "worker", message: String(error), range: undefined };
}
