/** The maximum length of a piece that a recipe may describe: 256 MiB. */
const LENGTH_MAX = 0x1000_0000n;
/** The maximum position of a piece: 1 TiB. */
const POSITION_MAX = 0x100_0000_0000n;

const NUMBER = /^(?:0x[0-9a-fA-F]+(?:_[0-9a-fA-F]+)*|(?:0|[1-9]\d*(?:_\d+)*))$/;

/** One line of a recipe, read from left to right. */
export class RecipeLine {
  #rest: string;
  readonly #place: string;

  /** Reads `text`; `place` is its `file:line`, for errors. */
  constructor(text: string, place: string) {
    this.#rest = text;
    this.#place = place;
    this.#skipSpace();
  }

  /** Returns an Error that names this line. */
  error(found: string, expected: string): Error {
    return new Error(
      `Cannot assemble ${this.#place}: ${found}, expected ${expected}`,
    );
  }

  /**
   * Reads the next word; undefined at the end of the line or before a comment.
   */
  word(): string | undefined {
    return this.#take(/^[^\s#]+/)?.[0];
  }

  /** Reads the next word as a number of `size` bytes, big-endian. */
  unsigned(size: 1 | 2 | 4 | 8): Uint8Array {
    const value = this.#number((1n << BigInt(8 * size)) - 1n);
    const bytes = new Uint8Array(8);
    new DataView(bytes.buffer).setBigUint64(0, value);
    return bytes.subarray(8 - size);
  }

  /** Reads the next word as a length. */
  length(): number {
    return Number(this.#number(LENGTH_MAX));
  }

  /** Reads the next word as the position of a piece in the file. */
  position(): number {
    return Number(this.#number(POSITION_MAX));
  }

  /** Reads the next word as a position in the file, in the piece at `start`. */
  positionIn(start: number): number {
    const found = this.#found();
    const position = Number(this.#number(BigInt(start) + LENGTH_MAX));
    if (position >= start) return position;
    throw this.error(found, `a position in the piece at ${start}`);
  }

  /** Reads bytes in double quotes. */
  quoted(): Uint8Array {
    const text = this.#take(/^"((?:[^"\\]|\\.)*)"/)?.[1];
    if (text === undefined) {
      throw this.error(this.#found(), "text in double quotes");
    }
    const bytes: number[] = [];
    for (const [piece] of text.matchAll(/\\x[0-9a-fA-F]{2}|\\.|./gsu)) {
      bytes.push(this.#byteOf(piece));
    }
    return Uint8Array.from(bytes);
  }

  /** Reads the remaining words, each a byte as two hexadecimal digits. */
  hexBytes(): Uint8Array {
    const bytes: number[] = [];
    for (let word = this.word(); word !== undefined; word = this.word()) {
      if (!/^[0-9a-fA-F]{2}$/.test(word)) {
        throw this.error(`"${word}"`, "two hexadecimal digits");
      }
      bytes.push(parseInt(word, 16));
    }
    if (bytes.length === 0) throw this.error("no byte", "at least one");
    return Uint8Array.from(bytes);
  }

  /** Reads the words that follow and start with `--`. */
  options(): string[] {
    const options: string[] = [];
    while (this.#rest.startsWith("--")) options.push(this.word() ?? "");
    return options;
  }

  /** Throws unless only a comment remains. */
  end(): void {
    if (this.#rest !== "" && !this.#rest.startsWith("#")) {
      throw this.error(`"${this.#rest}"`, "the end of the line");
    }
  }

  #number(max: bigint): bigint {
    const found = this.#found();
    const word = this.word();
    if (word === undefined || !NUMBER.test(word)) {
      throw this.error(found, "a number such as 4096 or 0x1000");
    }
    const value = BigInt(word.replaceAll("_", ""));
    if (value > max) {
      throw this.error(found, `at most 0x${max.toString(16)}`);
    }
    return value;
  }

  #byteOf(piece: string): number {
    if (piece.length === 4) return parseInt(piece.slice(2), 16);
    switch (piece) {
      case '\\"':
      case "\\\\":
        return piece.charCodeAt(1);
      case "\\n":
        return 10;
      case "\\0":
        return 0;
    }
    if (!/^[\x20-\x7e]$/.test(piece)) {
      throw this.error(JSON.stringify(piece), "printable ASCII or an escape");
    }
    return piece.charCodeAt(0);
  }

  #found(): string {
    return this.#rest === "" ? "nothing" : `"${this.#rest.split(/\s/)[0]}"`;
  }

  #take(pattern: RegExp): RegExpExecArray | undefined {
    const match = pattern.exec(this.#rest);
    if (match === null) return undefined;
    this.#rest = this.#rest.slice(match[0].length);
    this.#skipSpace();
    return match;
  }

  #skipSpace(): void {
    this.#rest = this.#rest.replace(/^[ \t]+/, "").trimEnd();
  }
}
