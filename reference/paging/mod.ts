/**
 * Memory filled on demand through userfaultfd, and the loop that serves its
 * faults.
 *
 * @module
 */

export { PagedMemory, type PagedMemoryOptions } from "./paged_memory.ts";
export { PagedProcess, type PagerStatistics } from "./paged_process.ts";
export { type PagerEvent, untrustedEvent } from "./pager_event.ts";
export { PagerLoop } from "./pager_loop.ts";
export type { PagerOptions } from "./pager_options.ts";
export { type PagerSource, type SourceMemory } from "./pager_source.ts";
export { pagerSettings, type PagingOptions } from "./pager_settings.ts";
export { PagerThread } from "./pager_thread.ts";
export { servePages } from "./serve_pages.ts";
export { UffdInstaller } from "./uffd_installer.ts";
