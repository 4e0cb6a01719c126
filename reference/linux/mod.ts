/**
 * What Linux offers and no runtime does: each part asks for the foreign function
 * interface when it is used, and says so where there is none.
 *
 * @module
 */

export { dataRanges } from "./data_ranges.ts";
export { canPunchHoles, punchHole } from "./punch_hole.ts";
export { isListening } from "./is_listening.ts";
export type { ErrnoName } from "./errno.ts";
export { PageServerMetrics } from "../firecracker/page_server_metrics.ts";
export type { PageServerOptions } from "../firecracker/page_server.ts";
export { PageServer } from "../firecracker/page_server.ts";
export type { PagedMemoryOptions } from "../paging/paged_memory.ts";
export { PagedMemory } from "../paging/paged_memory.ts";
export type { PagerStatistics } from "../paging/paged_process.ts";
export type { PagerEvent } from "../paging/pager_task.ts";
export { SharedMapping } from "./shared_mapping.ts";
export { SystemCallError } from "./system_call_error.ts";
export { tryLock } from "./try_lock.ts";
export { willNeed } from "./will_need.ts";
