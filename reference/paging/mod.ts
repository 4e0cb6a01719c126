/**
 * Memory filled as it is touched: a userfaultfd, its faults, and who serves them.
 *
 * @module
 */

export { PagedMemory, type PagedMemoryOptions } from "./paged_memory.ts";
export { PagedProcess, type PagerStatistics } from "./paged_process.ts";
export { PagerLoop } from "./pager_loop.ts";
export type { PagerOptions } from "./pager_options.ts";
export {
  openPagerSource,
  type PagerSource,
  type SourceMemory,
} from "./pager_source.ts";
export type { PagerEvent, PagerTask } from "./pager_task.ts";
export { PagerThread } from "./pager_thread.ts";
export { ReadBudget } from "./read_budget.ts";
export { UffdInstaller } from "./uffd_installer.ts";
