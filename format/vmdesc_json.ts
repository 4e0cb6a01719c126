/**
 * JSON whose objects keep every member, in order: QEMU repeats keys where it
 * describes a list, and `JSON.parse` keeps the last of them only.
 *
 * @module
 */

/** A value of JSON. */
export type JsonValue =
  | string
  | number
  | boolean
  | null
  | readonly JsonValue[]
  | JsonObject;

/** An object with its members as they stand there. */
export class JsonObject {
  /** Keys and values, in order. */
  readonly members: readonly (readonly [key: string, value: JsonValue])[];

  /** Of these members. */
  constructor(members: readonly (readonly [string, JsonValue])[]) {
    this.members = members;
  }

  /** The last value of that key, as `JSON.parse` would give it. */
  get(key: string): JsonValue | undefined {
    for (let at = this.members.length - 1; at >= 0; at--) {
      const member = this.members[at];
      if (member?.[0] === key) return member[1];
    }
    return undefined;
  }
}

/** Most values in one text: what is made of each takes memory. */
const VALUES_MAX = 0x100000;
const DEPTH_MAX = 256;

/** Parses a text; what is not JSON is a SyntaxError. */
export function parseJson(text: string): JsonValue {
  const parser = new JsonParser(text);
  const value = parser.value(0);
  parser.end();
  return value;
}

/** What a string with none of these is, is what it says. */
// deno-lint-ignore no-control-regex -- which JSON does not allow in a string
const SPECIAL = /[\\\u0000-\u001f]/;
// deno-lint-ignore no-control-regex -- the same
const STRING = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;
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
      throw new SyntaxError("The JSON has too many values in one another");
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

  /** What stands between brackets, with commas in between. */
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

  #string(): string {
    if (this.#text[this.#at] === '"') {
      const end = this.#text.indexOf('"', this.#at + 1);
      const text = this.#text.slice(this.#at + 1, end);
      if (end > 0 && !SPECIAL.test(text)) {
        this.#at = end + 1;
        return text;
      }
    }
    return JSON.parse(this.#take(STRING));
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
    return new SyntaxError(`The JSON is wrong at character ${this.#at}`);
  }
}
