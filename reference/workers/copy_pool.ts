import { entryUrl } from "../work/mod.ts";
import { LanePool } from "../lanes/mod.ts";
import type { LaneTask } from "./lane_task.ts";

/**
 * Starts `count` threads that copy pages.
 *
 * @throws {SourceError} if the runtime has no threads
 */
export function copyPool(count: number): LanePool<LaneTask> {
  const url = entryUrl("./lane_worker.ts", import.meta.url);
  return new LanePool(url, count);
}
