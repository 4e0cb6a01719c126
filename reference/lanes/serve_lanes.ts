import { threadPort } from "../threads/mod.ts";
import { SourceError } from "../sources/mod.ts";
import {
  type LaneAnswer,
  type LaneFailure,
  type SharedTask,
  stopLanes,
} from "./shared_task.ts";

/**
 * Makes this thread one of a {@linkcode LanePool}: it passes each task that it
 * receives to `work`, and answers when that is done.
 */
export function serveLanes<Task extends SharedTask>(
  work: (task: Task) => void,
): void {
  const port = threadPort<Task, LaneAnswer>();
  port.onmessage = ({ data: task }) => {
    try {
      work(task);
      port.postMessage({});
    } catch (error) {
      stopLanes(task.control);
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
