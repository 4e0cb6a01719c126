import { LanePool } from "../lanes/mod.ts";
import { entryUrl } from "../work/mod.ts";
import type { SealTask } from "./seal_task.ts";

/** Threads that hash, until they are disposed. */
export type SealPool = LanePool<SealTask>;

/**
 * Starts `count` threads that hash.
 *
 * @throws {SourceError} if the runtime has no threads
 */
export function sealPool(count: number): SealPool {
  const url = entryUrl("./seal_worker.ts", import.meta.url);
  return new LanePool(url, count);
}
