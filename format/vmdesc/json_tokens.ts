/** Starts and ends a JSON string. */
export const QUOTE = 0x22;
/** A minus sign, which may start a number. */
export const MINUS = 0x2d;
const BACKSLASH = 0x5c;
const ZERO = 0x30;
const NINE = 0x39;
const LETTER_U = 0x75;
/** `"`, `\`, `/`, b, f, n, r and t may follow a backslash. */
const ESCAPES: readonly number[] = [...'"\\/bfnrt'].map((it) =>
  it.charCodeAt(0)
);
const WORDS: readonly Uint8Array[] = ["true", "false", "null"].map((it) =>
  new TextEncoder().encode(it)
);

/** A cursor over the strings, numbers and literals of JSON. */
export class JsonTokens {
  /** Position of the next byte. */
  position = 0;
  /** The text, in UTF-8. */
  protected readonly bytes: Uint8Array;

  /** Reads a text in UTF-8. */
  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  /** Skips a string, a number or a literal, whose first byte is given. */
  protected passScalar(byte: number | undefined): void {
    if (byte === QUOTE) {
      this.position++;
      this.passString();
    } else if (byte === MINUS || isDigit(byte)) this.#passNumber();
    else this.#passWord();
  }

  /** Moves past the closing quote; returns whether there was an escape. */
  protected passString(): boolean {
    const bytes = this.bytes;
    let isEscaped = false;
    for (let at = this.position; at < bytes.length; at++) {
      const byte = bytes[at] ?? 0;
      if (byte === QUOTE) {
        this.position = at + 1;
        return isEscaped;
      }
      if (byte < 0x20) break;
      if (byte !== BACKSLASH) continue;
      isEscaped = true;
      const escape = bytes[++at] ?? 0;
      if (escape === LETTER_U) {
        for (let digit = 1; digit <= 4; digit++) {
          if (!isHexDigit(bytes[at + digit] ?? 0)) throw this.error();
        }
        at += 4;
      } else if (!ESCAPES.includes(escape)) break;
    }
    throw this.error();
  }

  #passNumber(): void {
    if (this.bytes[this.position] === MINUS) this.position++;
    if (this.bytes[this.position] === ZERO) this.position++;
    else this.#passDigits();
    if (this.bytes[this.position] === 0x2e) {
      this.position++;
      this.#passDigits();
    }
    const exponent = this.bytes[this.position];
    if (exponent !== 0x65 && exponent !== 0x45) return;
    this.position++;
    const sign = this.bytes[this.position];
    if (sign === 0x2b || sign === MINUS) this.position++;
    this.#passDigits();
  }

  #passDigits(): void {
    const start = this.position;
    while (isDigit(this.bytes[this.position])) this.position++;
    if (this.position === start) throw this.error();
  }

  #passWord(): void {
    const { position } = this;
    const word = WORDS.find((it) =>
      it.every((byte, index) => this.bytes[position + index] === byte)
    );
    if (word === undefined) throw this.error();
    this.position += word.length;
  }

  /** Skips white space; returns the next byte without reading it. */
  protected next(): number | undefined {
    const bytes = this.bytes;
    for (;;) {
      const byte = bytes[this.position];
      if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) {
        return byte;
      }
      this.position++;
    }
  }

  /** Reads that byte, after optional white space. */
  protected expect(byte: number): void {
    if (this.next() !== byte) throw this.error();
    this.position++;
  }

  /** Makes the error for this position. */
  protected error(): SyntaxError {
    return new SyntaxError(`Invalid JSON at byte ${this.position}`);
  }
}

/** Whether a byte is one of 0 to 9. */
export function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= ZERO && byte <= NINE;
}

function isHexDigit(byte: number): boolean {
  const letter = byte | 0x20;
  return isDigit(byte) || letter >= 0x61 && letter <= 0x66;
}
