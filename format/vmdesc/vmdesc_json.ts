/**
 * JSON whose objects keep every member, in order: QEMU repeats keys to describe
 * a list, and `JSON.parse` keeps only the last of them.
 *
 * @module
 */

/** A JSON value. */
export type JsonValue =
  | string
  | number
  | boolean
  | null
  | readonly JsonValue[]
  | JsonObject;

/** An object with all its members, in order. */
export class JsonObject {
  /** Keys and values, in order. */
  readonly members: readonly (readonly [key: string, value: JsonValue])[];

  /** Makes an object of these members. */
  constructor(members: readonly (readonly [string, JsonValue])[]) {
    this.members = members;
  }

  /** Returns the last value of that key, as `JSON.parse` does. */
  get(key: string): JsonValue | undefined {
    for (let at = this.members.length - 1; at >= 0; at--) {
      const member = this.members[at];
      if (member?.[0] === key) return member[1];
    }
    return undefined;
  }
}

/** Maximum number of values in one text, which limits the memory it takes. */
const VALUES_MAX = 0x200000;
const DEPTH_MAX = 256;

/** Parses a text; invalid JSON is a SyntaxError. */
export function parseJson(text: string): JsonValue {
  const parser = new JsonParser(text);
  const value = parser.value(0);
  parser.end();
  return value;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const WORD = /true|false|null/y;

class JsonParser {
  readonly #text: string;
  #at = 0;
  #values = 0;

  constructor(text: string) {
    this.#text = text;
  }

  value(depth: number): JsonValue {
    if (depth > DEPTH_MAX || ++this.#values > VALUES_MAX) {
      throw new SyntaxError("JSON with too many values, or nested too deeply");
    }
    switch (this.#next()) {
      case "{":
        return this.#object(depth);
      case "[":
        return this.#array(depth);
      case '"':
        return this.#string();
      case "t":
      case "f":
      case "n":
        return JSON.parse(this.#take(WORD));
      default:
        return Number(this.#take(NUMBER));
    }
  }

  end(): void {
    if (this.#next() !== undefined) throw this.#error();
  }

  #object(depth: number): JsonObject {
    const members: [string, JsonValue][] = [];
    this.#list("}", () => {
      this.#next();
      const key = this.#string();
      this.#expect(":");
      members.push([key, this.value(depth + 1)]);
    });
    return new JsonObject(members);
  }

  #array(depth: number): JsonValue[] {
    const values: JsonValue[] = [];
    this.#list("]", () => values.push(this.value(depth + 1)));
    return values;
  }

  /** Reads the elements between brackets, which commas separate. */
  #list(close: string, read: () => void): void {
    this.#at += 1;
    if (this.#next() === close) {
      this.#at += 1;
      return;
    }
    for (;;) {
      read();
      if (this.#next() === close) break;
      this.#expect(",");
    }
    this.#at += 1;
  }

  /**
   * Reads a string. A regular expression fails on a long string with many
   * escapes.
   */
  #string(): string {
    const text = this.#text;
    const start = this.#at;
    if (text.charCodeAt(start) !== QUOTE) throw this.#error();
    let isEscaped = false;
    for (let at = start + 1; at < text.length; at++) {
      const code = text.charCodeAt(at);
      if (code === QUOTE) {
        this.#at = at + 1;
        return isEscaped
          ? JSON.parse(text.slice(start, at + 1))
          : text.slice(start + 1, at);
      }
      if (code < 0x20) break;
      if (code === BACKSLASH) {
        isEscaped = true;
        at++;
      }
    }
    throw this.#error();
  }

  #next(): string | undefined {
    for (;;) {
      const character = this.#text[this.#at];
      switch (character) {
        case " ":
        case "\t":
        case "\n":
        case "\r":
          this.#at += 1;
          break;
        default:
          return character;
      }
    }
  }

  #expect(character: string): void {
    if (this.#next() !== character) throw this.#error();
    this.#at += 1;
  }

  #take(pattern: RegExp): string {
    pattern.lastIndex = this.#at;
    const match = pattern.exec(this.#text);
    if (match === null) throw this.#error();
    this.#at = pattern.lastIndex;
    return match[0];
  }

  #error(): SyntaxError {
    return new SyntaxError(`Invalid JSON at character ${this.#at}`);
  }
}
