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

test("a command line is split into words as a shell does", () => {
  for (const [line, words] of LINES) assert.deepEqual(splitWords(line), words);
});

test("words that are joined are split into the same", () => {
  for (const [, words] of LINES) {
    assert.deepEqual(splitWords(joinWords(words)), words);
  }
  assert.equal(joinWords(["-m", "4G", "it's"]), `-m 4G 'it'\\''s'`);
});

test("a quote that is not closed is refused", () => {
  for (const line of ["'a", 'a "b', "a\\"]) {
    assert.throws(() => splitWords(line), UsageError);
  }
});
