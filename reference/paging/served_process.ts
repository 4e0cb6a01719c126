import type { PagedProcess } from "./paged_process.ts";

/** Callbacks for a process that is served. */
export interface PagerWatch {
  /** Called when the process has ended or can no longer be served. */
  onEnd(error: unknown): void;
  /** Called once when a page could not be read for `retryFor` milliseconds. */
  onFailed(): void;
  /** Called from time to time while the process is served. */
  onTurn?(): void;
}

/** A process that a loop serves, with its callbacks. */
export class ServedProcess {
  readonly process: PagedProcess;
  readonly watch: PagerWatch;
  #isFailed = false;

  constructor(process: PagedProcess, watch: PagerWatch) {
    this.process = process;
    this.watch = watch;
  }

  /** Calls `onFailed` once if a page has failed. */
  tellIfFailed(): void {
    if (this.#isFailed || !this.process.hasFailed) return;
    this.#isFailed = true;
    this.watch.onFailed();
  }
}
