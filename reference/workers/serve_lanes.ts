import { threadPort } from "../threads/mod.ts";
import { SourceError } from "../sources/mod.ts";
import { copyLane } from "./copy_lane.ts";
import {
  CONTROL,
  type LaneAnswer,
  type LaneFailure,
  type LaneTask,
} from "./lane_task.ts";

/**
 * Makes this thread one of a {@linkcode LanePool}: it runs each task it receives,
 * and answers when done.
 */
export function serveLanes(): void {
  const port = threadPort<LaneTask, LaneAnswer>();
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
}

function describe(error: unknown): LaneFailure {
  if (error instanceof SourceError) {
    const { source, message, range, changed } = error;
    return { source, message, range, changed };
  }
  return { source: "worker", message: String(error), range: undefined };
}
