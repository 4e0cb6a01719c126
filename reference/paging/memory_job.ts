import type { PagedRegion } from "./served_region.ts";

/** A job of a pager thread: to fill memory of this process. */
export interface MemoryJob {
  /** Descriptor of the userfaultfd that the memory is registered with. */
  readonly uffd: number;
  /** The memory and where its contents come from. */
  readonly region: Omit<PagedRegion, "memory">;
}
