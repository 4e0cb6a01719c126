/**
 * Splitting and pacing of work: chunks, lanes, threads, progress, waiting.
 *
 * @module
 */

export { CHUNK, chunkBytes, chunksTouched, PARALLEL_CHUNK } from "./chunk.ts";
export { entryUrl } from "./entry_url.ts";
export { inLanes, inTurn } from "./lanes.ts";
export { mayAsk } from "./may_ask.ts";
export { Pace } from "./pace.ts";
export { type Progress, ProgressReport } from "./progress.ts";
export {
  backoff,
  retry,
  type RetryOptions,
  sleep,
  waitFor,
  type WaitOptions,
} from "./wait.ts";
