/**
 * JSON read where it stands, as bytes: a text may be as large as the file that it
 * is in, and what is made of its values would take many times that.
 *
 * @module
 */

/** How deep values may be in one another. */
const DEPTH_MAX = 256;

const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const BACKSLASH = 0x5c;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
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

interface KnownKey {
  readonly key: string;
  readonly bytes: Uint8Array;
}

/** A string of a JSON text. */
export interface JsonString {
  /** Position behind its opening quote. */
  readonly start: number;
  /** Position of its closing quote. */
  readonly end: number;
  /** Whether it has escapes. */
  readonly isEscaped: boolean;
}

/**
 * A cursor over JSON; what is not JSON is a SyntaxError. It knows some keys of
 * objects: most members are passed over, and no text is made of their keys.
 */
export class JsonScanner {
  /** Position of the next byte. */
  position = 0;
  readonly #bytes: Uint8Array;
  readonly #keys: readonly KnownKey[];
  /** What closes each value that is open, while values are passed over. */
  readonly #closers = new Uint8Array(DEPTH_MAX);

  /** Over a text in UTF-8, with objects whose members of these keys are wanted. */
  constructor(bytes: Uint8Array, keys: readonly string[]) {
    this.#bytes = bytes;
    this.#keys = keys.map((key) => ({
      key,
      bytes: new TextEncoder().encode(key),
    }));
  }

  /** Whether the next value is an object. */
  get isObject(): boolean {
    return this.#next() === OPEN_OBJECT;
  }

  /** Whether the next value is an array. */
  get isArray(): boolean {
    return this.#next() === OPEN_ARRAY;
  }

  /** Whether the next value is a string. */
  get isString(): boolean {
    return this.#next() === QUOTE;
  }

  /** Whether nothing but white space is left. */
  get isAtEnd(): boolean {
    return this.#next() === undefined;
  }

  /**
   * Reads an object; `visit` must read or skip the value of each member that is
   * wanted. The others are passed over.
   */
  object(visit: (key: string) => void): void {
    this.#list(OPEN_OBJECT, CLOSE_OBJECT, () => {
      const key = this.#key();
      if (key === undefined) this.skipValue();
      else visit(key);
    });
  }

  /** Reads an array; `visit` must read or skip each value. */
  array(visit: () => void): void {
    this.#list(OPEN_ARRAY, CLOSE_ARRAY, visit);
  }

  /** Reads a string, which is not decoded. */
  string(): JsonString {
    this.#expect(QUOTE);
    const start = this.position;
    const isEscaped = this.#passString();
    return { start, end: this.position - 1, isEscaped };
  }

  /** The text of a string. */
  textOf({ start, end, isEscaped }: JsonString): string {
    const bytes = this.#bytes;
    if (isEscaped) {
      const quoted = bytes.subarray(start - 1, end + 1);
      return JSON.parse(new TextDecoder().decode(quoted));
    }
    return new TextDecoder().decode(bytes.subarray(start, end));
  }

  /** Reads a number; undefined, and the value is skipped, where it is none. */
  number(): number | undefined {
    const byte = this.#next();
    const start = this.position;
    this.skipValue();
    if (byte !== 0x2d && !isDigit(byte)) return undefined;
    let value = 0;
    for (let at = start; at < this.position; at++) {
      const digit = (this.#bytes[at] ?? 0) - ZERO;
      if (digit < 0 || digit > 9) return Number(this.#text(start));
      value = 10 * value + digit;
    }
    return value;
  }

  /** Passes over a value, however deep it is. */
  skipValue(): void {
    let depth = 0;
    for (;;) {
      const byte = this.#next();
      if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) {
        if (depth === DEPTH_MAX) throw this.#error();
        // The brackets of ASCII: what closes is two behind what opens.
        this.#closers[depth++] = byte + 2;
        this.position++;
        if (this.#next() !== byte + 2) {
          if (byte === OPEN_OBJECT) this.#passKey();
          continue;
        }
      } else this.#passScalar(byte);
      for (;;) {
        if (depth === 0) return;
        const closer = this.#closers[depth - 1];
        const following = this.#next();
        if (following === closer) {
          this.position++;
          depth--;
        } else if (following === COMMA) {
          this.position++;
          if (closer === CLOSE_OBJECT) this.#passKey();
          break;
        } else throw this.#error();
      }
    }
  }

  #list(open: number, close: number, visit: () => void): void {
    this.#expect(open);
    if (this.#next() === close) {
      this.position++;
      return;
    }
    for (;;) {
      visit();
      if (this.#next() === close) break;
      this.#expect(COMMA);
    }
    this.position++;
  }

  #key(): string | undefined {
    const string = this.string();
    this.#expect(COLON);
    const { start, end, isEscaped } = string;
    if (isEscaped) {
      const text = this.textOf(string);
      return this.#keys.find(({ key }) => key === text)?.key;
    }
    for (const { key, bytes } of this.#keys) {
      if (bytes.length !== end - start) continue;
      let at = 0;
      while (at < bytes.length && bytes[at] === this.#bytes[start + at]) at++;
      if (at === bytes.length) return key;
    }
    return undefined;
  }

  #passKey(): void {
    this.#expect(QUOTE);
    this.#passString();
    this.#expect(COLON);
  }

  #passScalar(byte: number | undefined): void {
    if (byte === QUOTE) {
      this.position++;
      this.#passString();
    } else if (byte === 0x2d || isDigit(byte)) this.#passNumber();
    else this.#passWord();
  }

  /** Goes behind the closing quote; whether there was an escape. */
  #passString(): boolean {
    const bytes = this.#bytes;
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
          if (!isHexDigit(bytes[at + digit] ?? 0)) throw this.#error();
        }
        at += 4;
      } else if (!ESCAPES.includes(escape)) break;
    }
    throw this.#error();
  }

  #passNumber(): void {
    if (this.#bytes[this.position] === 0x2d) this.position++;
    if (this.#bytes[this.position] === ZERO) this.position++;
    else this.#passDigits();
    if (this.#bytes[this.position] === 0x2e) {
      this.position++;
      this.#passDigits();
    }
    const exponent = this.#bytes[this.position];
    if (exponent !== 0x65 && exponent !== 0x45) return;
    this.position++;
    const sign = this.#bytes[this.position];
    if (sign === 0x2b || sign === 0x2d) this.position++;
    this.#passDigits();
  }

  #passDigits(): void {
    const start = this.position;
    while (isDigit(this.#bytes[this.position])) this.position++;
    if (this.position === start) throw this.#error();
  }

  #passWord(): void {
    const { position } = this;
    const word = WORDS.find((it) =>
      it.every((byte, index) => this.#bytes[position + index] === byte)
    );
    if (word === undefined) throw this.#error();
    this.position += word.length;
  }

  #next(): number | undefined {
    const bytes = this.#bytes;
    for (;;) {
      const byte = bytes[this.position];
      if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) {
        return byte;
      }
      this.position++;
    }
  }

  #expect(byte: number): void {
    if (this.#next() !== byte) throw this.#error();
    this.position++;
  }

  #text(start: number): string {
    return new TextDecoder().decode(
      this.#bytes.subarray(start, this.position),
    );
  }

  #error(): SyntaxError {
    return new SyntaxError(`The JSON is wrong at byte ${this.position}`);
  }
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= ZERO && byte <= NINE;
}

function isHexDigit(byte: number): boolean {
  const letter = byte | 0x20;
  return isDigit(byte) || letter >= 0x61 && letter <= 0x66;
}
