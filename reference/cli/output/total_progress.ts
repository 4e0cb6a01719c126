import type { Progress } from "../../work/mod.ts";

/** How much work there is on several RAMBlocks. */
interface TotalWork {
  /** Bytes of the blocks. */
  readonly total: number;
  /** Bytes of them in holes and absent pages. */
  readonly skipped: number;
}

/** Combines the progress of RAMBlocks, one after the other, into one. */
export class TotalProgress {
  readonly #work: TotalWork;
  readonly #show: (progress: Progress) => void;
  #read = 0;
  #zero = 0;
  #last: Pick<Progress, "done" | "zero" | "skipped"> = { done: 0 };

  /** `show` is called with the progress of all blocks. */
  constructor(work: TotalWork, show: (progress: Progress) => void) {
    this.#work = work;
    this.#show = show;
  }

  /** Takes the progress of the current block. */
  readonly onProgress = (progress: Progress): void => {
    this.#last = progress;
    const { total, skipped } = this.#work;
    const { read, zero } = this.#current();
    this.#show({
      idstr: progress.idstr,
      done: Math.min(total, skipped + this.#read + read),
      total,
      zero: skipped + this.#zero + zero,
      skipped,
    });
  };

  /** The current block is done. */
  next(): void {
    const { read, zero } = this.#current();
    this.#read += read;
    this.#zero += zero;
    this.#last = { done: 0 };
  }

  /** Bytes of the current block that were read, and those of them in zero pages. */
  #current(): { readonly read: number; readonly zero: number } {
    const { done, skipped = 0, zero = skipped } = this.#last;
    return { read: done - skipped, zero: zero - skipped };
  }
}
