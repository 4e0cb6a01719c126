/**
 * JSON read in place, as bytes: a text may be as large as the file that it is
 * in, and objects made of its values would take many times that.
 *
 * @module
 */

import { isDigit, JsonTokens, MINUS, QUOTE } from "./json_tokens.ts";

/** Maximum nesting of values. */
const DEPTH_MAX = 256;

const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
const ZERO = 0x30;

interface KnownKey {
  readonly key: string;
  readonly bytes: Uint8Array;
}

/** A string of a JSON text. */
export interface JsonString {
  /** Position after its opening quote. */
  readonly start: number;
  /** Position of its closing quote. */
  readonly end: number;
  /** Whether it has escapes. */
  readonly isEscaped: boolean;
}

/**
 * A cursor over JSON; invalid JSON is a SyntaxError. It knows the keys that are
 * wanted: most members are skipped, and their keys are not decoded.
 */
export class JsonScanner extends JsonTokens {
  /** The keys that are wanted, by their length. */
  readonly #keys: KnownKey[][] = [];
  /** The closing bracket of each open value, while values are skipped. */
  readonly #closers = new Uint8Array(DEPTH_MAX);

  /**
   * Reads a text in UTF-8; of objects only the members of these keys are
   * wanted.
   */
  constructor(bytes: Uint8Array, keys: readonly string[]) {
    super(bytes);
    for (const key of keys) {
      const encoded = new TextEncoder().encode(key);
      (this.#keys[encoded.length] ??= []).push({ key, bytes: encoded });
    }
  }

  /** Whether the next value is an object. */
  get isObject(): boolean {
    return this.next() === OPEN_OBJECT;
  }

  /** Whether the next value is an array. */
  get isArray(): boolean {
    return this.next() === OPEN_ARRAY;
  }

  /** Whether the next value is a string. */
  get isString(): boolean {
    return this.next() === QUOTE;
  }

  /** Whether only white space is left. */
  get isAtEnd(): boolean {
    return this.next() === undefined;
  }

  /**
   * Reads an object; `visit` must read or skip the value of each member that is
   * wanted. The others are skipped.
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

  /** Reads a string without decoding it. */
  string(): JsonString {
    this.expect(QUOTE);
    const start = this.position;
    const isEscaped = this.passString();
    return { start, end: this.position - 1, isEscaped };
  }

  /** Decodes a string. */
  textOf({ start, end, isEscaped }: JsonString): string {
    const bytes = this.bytes;
    if (isEscaped) {
      const quoted = bytes.subarray(start - 1, end + 1);
      return JSON.parse(new TextDecoder().decode(quoted));
    }
    return new TextDecoder().decode(bytes.subarray(start, end));
  }

  /** Returns a string in UTF-8; a surrogate without its other half is U+FFFD. */
  utf8Of(string: JsonString): Uint8Array {
    return string.isEscaped
      ? new TextEncoder().encode(this.textOf(string))
      : this.bytes.subarray(string.start, string.end);
  }

  /**
   * Reads a number; returns undefined and skips the value if it is not a
   * number.
   */
  number(): number | undefined {
    const byte = this.next();
    const start = this.position;
    this.skipValue();
    if (byte !== MINUS && !isDigit(byte)) return undefined;
    let value = 0;
    for (let at = start; at < this.position; at++) {
      const digit = (this.bytes[at] ?? 0) - ZERO;
      if (digit < 0 || digit > 9) return Number(this.#text(start));
      value = 10 * value + digit;
    }
    return value;
  }

  /** Skips a value of any depth. */
  skipValue(): void {
    let depth = 0;
    for (;;) {
      const byte = this.next();
      if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) {
        if (depth === DEPTH_MAX) throw this.error();
        // In ASCII, a closing bracket or brace is its opening one plus two.
        this.#closers[depth++] = byte + 2;
        this.position++;
        if (this.next() !== byte + 2) {
          if (byte === OPEN_OBJECT) this.#passKey();
          continue;
        }
      } else this.passScalar(byte);
      for (;;) {
        if (depth === 0) return;
        const closer = this.#closers[depth - 1];
        const following = this.next();
        if (following === closer) {
          this.position++;
          depth--;
        } else if (following === COMMA) {
          this.position++;
          if (closer === CLOSE_OBJECT) this.#passKey();
          break;
        } else throw this.error();
      }
    }
  }

  #list(open: number, close: number, visit: () => void): void {
    this.expect(open);
    if (this.next() === close) {
      this.position++;
      return;
    }
    for (;;) {
      visit();
      if (this.next() === close) break;
      this.expect(COMMA);
    }
    this.position++;
  }

  #key(): string | undefined {
    this.expect(QUOTE);
    const start = this.position;
    const isEscaped = this.passString();
    const end = this.position - 1;
    this.expect(COLON);
    if (isEscaped) {
      const text = this.textOf({ start, end, isEscaped });
      return this.#keys.flat().find(({ key }) => key === text)?.key;
    }
    const candidates = this.#keys[end - start];
    return candidates?.find(({ bytes }) => this.#isAt(start, bytes))?.key;
  }

  #isAt(start: number, bytes: Uint8Array): boolean {
    for (let at = 0; at < bytes.length; at++) {
      if (bytes[at] !== this.bytes[start + at]) return false;
    }
    return true;
  }

  #passKey(): void {
    this.expect(QUOTE);
    this.passString();
    this.expect(COLON);
  }

  #text(start: number): string {
    return new TextDecoder().decode(
      this.bytes.subarray(start, this.position),
    );
  }
}
