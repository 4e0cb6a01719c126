/**
 * A compressed cluster of a qcow2 image may start in the last sector of the one
 * before, and both are read in whole sectors.
 */
const SECTOR = 512;

/**
 * Length of the read-ahead: grows with each read that starts where the last one
 * ended, or less than a sector before, and shrinks with each other read.
 */
export class ReadAheadWindow {
  readonly #max: number;
  #blocks = 0;
  /** Where the next read must start to be sequential. */
  #nextOffset = -1;

  /** Limits the window to `max` blocks. */
  constructor(max: number) {
    this.#max = max;
  }

  /** Returns the number of blocks to fetch after a read of these bytes. */
  next(offset: number, length: number): number {
    const isSequential = offset <= this.#nextOffset &&
      offset > this.#nextOffset - SECTOR;
    this.#nextOffset = offset + length;
    this.#blocks = isSequential
      ? Math.min(this.#max, 2 * this.#blocks + 1)
      : Math.floor(this.#blocks / 2);
    return isSequential ? this.#blocks : 0;
  }
}
