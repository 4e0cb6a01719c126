/** Progress of a long operation. */
export interface Progress {
  /** The RAMBlock being worked on. */
  readonly idstr: string;
  /** Bytes of RAM done, in all blocks. */
  readonly done: number;
  /** Total bytes of RAM. */
  readonly total: number;
  /** Of the bytes done, those in zero pages, if known. */
  readonly zero?: number | undefined;
  /**
   * Of the bytes done, those that cost nothing, if known: in holes, and in
   * pages that the file does not hold.
   */
  readonly skipped?: number | undefined;
}

/** Counts and reports the progress of a long operation. */
export class ProgressReport {
  /** The RAMBlock being worked on. */
  idstr = "";
  /** Bytes of RAM done so far. */
  done = 0;
  /** Of those, the bytes in zero pages. */
  zero = 0;
  /** Of the bytes done, those that were neither read nor written. */
  skipped = 0;
  /** Total bytes of RAM. */
  readonly total: number;
  readonly #tell: ((progress: Progress) => void) | undefined;

  /** `total` is the number of bytes of RAM; `tell` receives the reports. */
  constructor(total: number, tell: ((progress: Progress) => void) | undefined) {
    this.total = total;
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

  /** Counts `length` more bytes as done, `zero` of them as zero bytes. */
  advance(length: number, zero: number): void {
    this.done += length;
    this.zero += zero;
  }

  /** Reports the current progress. */
  tell(): void {
    const { idstr, done, zero, skipped, total } = this;
    this.#tell?.({ idstr, done, zero, skipped, total });
  }
}
