/**
 * How far to read ahead: further with each read that goes on where the last one
 * ended, and less after each that does not.
 */
export class ReadAheadWindow {
  readonly #max: number;
  #blocks = 0;
  /** Where a read must start to go on sequentially. */
  #nextOffset = -1;

  /** Never more than `max` blocks. */
  constructor(max: number) {
    this.#max = max;
  }

  /** How many blocks behind a read of these bytes to fetch with it. */
  next(offset: number, length: number): number {
    const sequential = offset === this.#nextOffset;
    this.#nextOffset = offset + length;
    this.#blocks = sequential
      ? Math.min(this.#max, 2 * this.#blocks + 1)
      : Math.floor(this.#blocks / 2);
    return sequential ? this.#blocks : 0;
  }
}
