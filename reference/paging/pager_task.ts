import type { PagerEvent } from "./pager_event.ts";
import type { PagerSettings } from "./pager_settings.ts";

/** What the thread of a pager is given. Plain values and shared memory only. */
export interface PagerTask<Job> {
  /** What is to be read, and how. */
  readonly settings: PagerSettings;
  /** Whose faults to serve. */
  readonly job: Job;
  /** Not 0 in its first place: stop. */
  readonly control: Int32Array<SharedArrayBuffer>;
  /** An eventfd, rung when `control` changed. */
  readonly wakeFd: number;
}

/** What the thread says: an event, or that what it was given cannot be. */
export type PagerMessage =
  | PagerEvent
  | { readonly kind: "wrong-argument"; readonly message: string };
