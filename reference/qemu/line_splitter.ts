import { GrowingBytes } from "../../format/bytes/mod.ts";

const NEWLINE = 10;
const DECODER = new TextDecoder();

/** Splits text that arrives in pieces into lines of bounded length. */
export class LineSplitter {
  readonly #lengthMax: number;
  readonly #start: GrowingBytes;

  /** Refuses a line of more than `lengthMax` bytes. */
  constructor(lengthMax: number) {
    this.#lengthMax = lengthMax;
    this.#start = new GrowingBytes(0, lengthMax);
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
      if (this.#start.length + part.length > this.#lengthMax) {
        throw new RangeError(
          `found a line of more than ${this.#lengthMax} bytes`,
        );
      }
      if (newline < 0) {
        this.#start.append(part);
        return;
      }
      from = newline + 1;
      yield this.#take(part);
    }
  }

  #take(last: Uint8Array): string {
    if (this.#start.length === 0) return DECODER.decode(last);
    this.#start.append(last);
    const line = DECODER.decode(this.#start.bytes);
    this.#start.truncate(0);
    return line;
  }
}
