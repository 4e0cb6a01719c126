import type { Progress } from "../../work/mod.ts";

/** Progress of RAMBlocks, one after the other, as that of all of them. */
export class TotalProgress {
  readonly #total: number;
  readonly #show: (progress: Progress) => void;
  #done = 0;
  #zero = 0;
  #skipped = 0;
  #last: Progress | undefined;

  /** Of blocks of so many bytes in all; `show` is told how far they are. */
  constructor(total: number, show: (progress: Progress) => void) {
    this.#total = total;
    this.#show = show;
  }

  /** Is told how far the current block is. */
  readonly onProgress = (progress: Progress): void => {
    this.#last = progress;
    this.#show({
      idstr: progress.idstr,
      done: this.#done + progress.done,
      total: this.#total,
      zero: this.#zero + (progress.zero ?? 0),
      skipped: this.#skipped + (progress.skipped ?? 0),
    });
  };

  /** The current block, of so many bytes, is done: what is left of it is zero. */
  next(usedLength: number): void {
    const { done = 0, zero = 0, skipped = 0 } = this.#last ?? {};
    this.#done += usedLength;
    this.#zero += zero + usedLength - done;
    this.#skipped += skipped + usedLength - done;
    this.#last = undefined;
  }
}
