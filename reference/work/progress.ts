/** How far long work has come. */
export interface Progress {
  /** The RAMBlock being worked on. */
  readonly idstr: string;
  /** Bytes of RAM done, of all blocks. */
  readonly done: number;
  /** Bytes of RAM in all. */
  readonly total: number;
  /** Of the bytes done, those in zero pages, where that is known. */
  readonly zero?: number | undefined;
  /**
   * Of the bytes done, those that cost nothing, where that is known: in holes,
   * and in pages that the file does not hold.
   */
  readonly skipped?: number | undefined;
}

/** What is told about long work as it goes on. */
export class ProgressReport {
  /** The RAMBlock being worked on. */
  idstr = "";
  /** Bytes of RAM done so far. */
  done = 0;
  /** Of those, the bytes in zero pages. */
  zero = 0;
  /** Of the bytes done, those that were neither read nor written. */
  skipped = 0;
  readonly #total: number;
  readonly #tell: ((progress: Progress) => void) | undefined;

  /** Of work on so many bytes of RAM. */
  constructor(total: number, tell: ((progress: Progress) => void) | undefined) {
    this.#total = total;
    this.#tell = tell;
  }

  /**
   * Counts zero bytes that are neither read nor written. Called before the work
   * starts, it keeps them out of the rate and of the time left.
   */
  skip(length: number): void {
    this.skipped += length;
    this.advance(length, length);
  }

  /** Notes that so many bytes more are done, of which so many are zero. */
  advance(length: number, zero: number): void {
    this.done += length;
    this.zero += zero;
  }

  /** Tells how far the work is. */
  tell(): void {
    const { idstr, done, zero, skipped } = this;
    this.#tell?.({ idstr, done, zero, skipped, total: this.#total });
  }
}
