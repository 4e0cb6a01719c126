/** Number of characters of a line that an error shows. */
const SHOWN_MAX = 60;

/** The lines of a text, one at a time. */
export class TextLines {
  /** Number of the line that `next` returned last, from 1. */
  lineNumber = 0;
  readonly #text: string;
  readonly #refuse: (problem: string, line: number) => Error;
  #line: string | undefined;
  #position = 0;

  /** Iterates over `text`; `refuse` makes the error of a line. */
  constructor(
    text: string,
    refuse: (problem: string, line: number) => Error,
  ) {
    this.#text = text;
    this.#refuse = refuse;
  }

  /** Returns the next line without its LF; undefined after the last. */
  next(): string | undefined {
    const line = this.peek();
    this.lineNumber++;
    this.#line = line;
    if (line !== undefined) this.#position += line.length + 1;
    return line;
  }

  /** Returns what `next` will return. */
  peek(): string | undefined {
    if (this.#position >= this.#text.length) return undefined;
    const end = this.#text.indexOf("\n", this.#position);
    if (end < 0) {
      throw this.#refuse(
        `line ${this.lineNumber + 1} is cut off, expected LF at its end`,
        this.lineNumber + 1,
      );
    }
    return this.#text.slice(this.#position, end);
  }

  /** Makes the error for the line returned last, or for another. */
  wrong(
    expected: string,
    lineNumber: number = this.lineNumber,
    found: string = this.#found(),
  ): Error {
    return this.#refuse(
      `line ${lineNumber} ${found}, expected ${expected}`,
      lineNumber,
    );
  }

  #found(): string {
    const line = this.#line;
    if (line === undefined) return "is missing";
    const shown = line.length > SHOWN_MAX
      ? `${line.slice(0, SHOWN_MAX)}…`
      : line;
    return `is ${JSON.stringify(shown)}`;
  }
}
