const NEWLINE = 10;
const DECODER = new TextDecoder();

/** Splits text that arrives in pieces into lines of bounded length. */
export class LineSplitter {
  readonly #lengthMax: number;
  #start = new Uint8Array(0);
  #length = 0;

  /** Refuses a line of more than `lengthMax` bytes. */
  constructor(lengthMax: number) {
    this.#lengthMax = lengthMax;
  }

  /**
   * Yields the lines that end in `bytes`, without their line ends; the rest is
   * kept for the next call. The caller may reuse `bytes` after the last line.
   *
   * @throws {RangeError} if a line is too long
   */
  *push(bytes: Uint8Array): Generator<string> {
    for (let from = 0;;) {
      const newline = bytes.indexOf(NEWLINE, from);
      const end = newline < 0 ? bytes.length : newline;
      const part = bytes.subarray(from, end);
      if (this.#length + part.length > this.#lengthMax) {
        throw new RangeError(
          `found a line of more than ${this.#lengthMax} bytes`,
        );
      }
      if (newline < 0) {
        this.#keep(part);
        return;
      }
      from = newline + 1;
      yield this.#take(part);
    }
  }

  /**
   * Keeps the start of a line; the buffer doubles, so that the cost per byte is
   * constant.
   */
  #keep(part: Uint8Array): void {
    const length = this.#length + part.length;
    if (length > this.#start.length) {
      const grown = new Uint8Array(Math.max(length, 2 * this.#start.length));
      grown.set(this.#start.subarray(0, this.#length));
      this.#start = grown;
    }
    this.#start.set(part, this.#length);
    this.#length = length;
  }

  #take(last: Uint8Array): string {
    if (this.#length === 0) return DECODER.decode(last);
    this.#keep(last);
    const line = DECODER.decode(this.#start.subarray(0, this.#length));
    this.#length = 0;
    return line;
  }
}
