import type { PagerEvent } from "./pager_event.ts";
import type { PagerSettings } from "./pager_settings.ts";

/** The task of a pager thread. Plain values and shared memory only. */
export interface PagerTask<Job> {
  /** What to read, and how. */
  readonly settings: PagerSettings;
  /** The processes whose faults to serve. */
  readonly job: Job;
  /** Element 0 is nonzero to stop the thread. */
  readonly control: Int32Array<SharedArrayBuffer>;
  /** An eventfd that is rung when `control` changes. */
  readonly wakeFd: number;
}

/** A message of the thread: an event, or a RangeError about its task. */
export type PagerMessage =
  | PagerEvent
  | { readonly kind: "wrong-argument"; readonly message: string };
