import { Buffer } from "node:buffer";
import type { Random } from "./random.ts";

/** Boundary and invalid values, mostly of JSON. */
const VALUES = [
  ...["0", "-1", "-0", "1.5", "4095", "4096", "4097", "1e3", "1e309", "-1e309"],
  ...["2147483648", "4294967296", "9007199254740991", "9007199254740992"],
  ...["9007199254738944", "18446744073709551615", "999999999999999999999"],
  ...["null", "true", "[]", "{}", '""', '"0"', '"\\ud800"', '"__proto__"'],
];
const STRINGS = [
  ...VALUES.filter((it) => it.startsWith('"')),
  ...['"size"', '"offset"', '"page_size"', '"page_size_kib"'],
];
const MARKS = [
  ...["[", "]", "{", "}", ",", ":", "\\", '"', "\0", "\r\n", "\ufeff", ""],
];
const VALUE = /"(?:\\.|[^"\\])*"|-?\d+(?:\.\d+)?|[a-zA-Z]\w*/g;
const TOKEN = new RegExp(`${VALUE.source}|[^\\w\\s]|\\s+`, "g");
const COPIES_MAX = 40;
const NESTED_MAX = 10_000;

/**
 * Changes one token of a text, usually a value: to a boundary value or another
 * token; or repeats, removes or brackets it. The text after it moves
 * accordingly, as far as there is room.
 */
export function changeToken(
  bytes: Uint8Array,
  random: Random,
): [offset: number, part: Uint8Array] {
  // One character per byte, so that indexes in the text are byte offsets.
  const text = Buffer.from(bytes).toString("latin1");
  const tokens = [...text.matchAll(random(4) > 0 ? VALUE : TOKEN)];
  if (tokens.length === 0) return [0, bytes.slice()];
  const { index, 0: token } = tokens[random(tokens.length)];
  const rest = text.slice(index + token.length);
  const other = tokens[random(tokens.length)][0];
  const changed = changedToken({ token, other }, random) + rest;
  return [index, Buffer.from(changed, "latin1")];
}

function changedToken(
  { token, other }: { readonly token: string; readonly other: string },
  random: Random,
): string {
  const isNumber = /^-?\d+$/.test(token);
  const kind = random(20);
  if (kind < 9 && isNumber) return nearNumber(BigInt(token), random);
  // A member name is replaced by a string.
  const values = token.startsWith('"') ? STRINGS : VALUES;
  if (kind < 14) return values[random(values.length)];
  switch (kind) {
    case 14:
      return token.repeat(2 + random(COPIES_MAX));
    case 15:
      return "";
    case 16: {
      const depth = 1 + random(NESTED_MAX);
      return "[".repeat(depth) + token + "]".repeat(random(2) * depth);
    }
    case 17:
      return MARKS[random(MARKS.length)];
  }
  return other;
}

function nearNumber(value: bigint, random: Random): string {
  const by = [1n, 4096n, 4096n, 0x200000n, value, value / 2n][random(6)];
  return String(random(2) === 0 ? value + by : value - by);
}
