import type { PagedProcess } from "./paged_process.ts";

/** What becomes of a process that is served. */
export interface PagerWatch {
  /** It cannot be served any more: it has ended, or something is wrong. */
  onEnd(error: unknown): void;
  /** A page cannot be had for longer than it is to be tried. Told once. */
  onFailed(): void;
  /** Is called now and then, after some of its work. */
  onTurn?(): void;
}

/** A process that a loop serves, and who is told of it. */
export class ServedProcess {
  readonly process: PagedProcess;
  readonly watch: PagerWatch;
  #isFailed = false;

  constructor(process: PagedProcess, watch: PagerWatch) {
    this.process = process;
    this.watch = watch;
  }

  /** Tells once that a page cannot be had for long, if that is so. */
  tellIfFailed(): void {
    if (this.#isFailed || !this.process.hasFailed) return;
    this.#isFailed = true;
    this.watch.onFailed();
  }
}
