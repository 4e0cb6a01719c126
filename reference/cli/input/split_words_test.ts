import assert from "node:assert/strict";
import { test } from "node:test";
import { UsageError } from "../program/usage_error.ts";
import { joinWords, splitWords } from "./split_words.ts";

const LINES: readonly (readonly [line: string, words: readonly string[]])[] = [
  ["", []],
  ["  -M pc\t-m 4G \n", ["-M", "pc", "-m", "4G"]],
  [`-append 'a "b" \\c' x`, ["-append", `a "b" \\c`, "x"]],
  [`"a \\"b\\" \\x" c`, [`a "b" \\x`, "c"]],
  [`a\\ b''c"" ''`, ["a bc", ""]],
  ["file=a,,b $HOME *", ["file=a,,b", "$HOME", "*"]],
];

test("splitWords() splits a command line as a shell does", () => {
  for (const [line, words] of LINES) assert.deepEqual(splitWords(line), words);
});

test("splitWords() splits what joinWords() joined into the same words", () => {
  for (const [, words] of LINES) {
    assert.deepEqual(splitWords(joinWords(words)), words);
  }
  assert.equal(joinWords(["-m", "4G", "it's"]), `-m 4G 'it'\\''s'`);
});

test("splitWords() refuses an unclosed quote", () => {
  for (const line of ["'a", 'a "b', "a\\"]) {
    assert.throws(() => splitWords(line), UsageError);
  }
});
