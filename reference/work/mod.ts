/**
 * How work is cut up and paced: chunks, lanes, pace, progress, waiting.
 *
 * @module
 */

export { CHUNK, PARALLEL_CHUNK } from "./chunk.ts";
export { inLanes } from "./lanes.ts";
export { Pace } from "./pace.ts";
export { type Progress, ProgressReport } from "./progress.ts";
export { sleep, waitFor, type WaitOptions } from "./wait.ts";
