import type { PagedRegion } from "./served_region.ts";

/** Memory of this process that a thread fills. */
export interface MemoryJob {
  /** The userfaultfd that watches it. */
  readonly uffd: number;
  /** Where it is, and what belongs there. */
  readonly region: Omit<PagedRegion, "memory">;
}
