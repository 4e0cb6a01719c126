import assert from "node:assert/strict";
import { test } from "node:test";
import { JsonObject, type JsonValue, parseJson } from "./vmdesc_json.ts";

/** Converts a value to what `JSON.parse` returns. */
function plain(value: JsonValue): unknown {
  if (Array.isArray(value)) return value.map(plain);
  if (!(value instanceof JsonObject)) return value;
  return Object.fromEntries(value.members.map(([k, v]) => [k, plain(v)]));
}

test("parseJson() returns what JSON.parse returns", () => {
  for (
    const text of [
      '{"a": [1, -2.5e3, true, false, null, "x\\n\\u0041\\"", {}, []], "b": {"c": 0}}',
      " [ ] ",
      '"\u00e9\\\\"',
      "-0",
      "1E+2",
      '{"":{"":[[]]}}\n',
    ]
  ) assert.deepEqual(plain(parseJson(text)), JSON.parse(text), text);
});

test("parseJson() keeps members with repeated keys, in order", () => {
  const value = parseJson('{"a": 1, "b": 2, "a": 3}');
  assert(value instanceof JsonObject);
  assert.deepEqual(value.members, [["a", 1], ["b", 2], ["a", 3]]);
  assert.equal(value.get("a"), 3);
  assert.equal(value.get("c"), undefined);
});

test("parseJson() refuses what JSON.parse refuses", () => {
  for (
    const text of [
      "",
      "{",
      "[1,]",
      "[1 2]",
      '{"a" 1}',
      '{"a":1,}',
      "{a:1}",
      '{a"b":1}',
      '{1":2}',
      "01",
      "1.",
      "+1",
      "tru",
      "nul",
      '"\n"',
      '"\\x"',
      '"a',
      "[]x",
      "NaN",
    ]
  ) {
    assert.throws(() => parseJson(text), SyntaxError, text);
    assert.throws(() => JSON.parse(text), SyntaxError, text);
  }
});

test("parseJson() reads strings of any length, with escapes", () => {
  for (const part of ["ab", String.raw`\n`, String.raw`\u00e9x`, "é"]) {
    const text = `["${part.repeat(3_000_000)}", 1]`;
    assert.deepEqual(parseJson(text), JSON.parse(text));
    assert.throws(() => parseJson(text.slice(0, -5)), SyntaxError);
  }
});

test("parseJson() limits depth and number of values", () => {
  assert.throws(() => parseJson("[".repeat(100_000)), SyntaxError);
  assert.throws(() => parseJson(`[${"0,".repeat(5_000_000)}0]`), SyntaxError);
  for (const [open, close] of [["[", "]"], ['{"a":', "}"]]) {
    const deep = (count: number) =>
      open.repeat(count) + "0" + close.repeat(count);
    assert.doesNotThrow(() => parseJson(deep(256)));
    assert.throws(() => parseJson(deep(257)), SyntaxError);
  }
});
