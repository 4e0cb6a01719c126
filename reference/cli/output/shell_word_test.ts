import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import process from "node:process";
import { test } from "node:test";
import { shellWord } from "./shell_word.ts";

test("shellWord() is the word that a shell makes of it", () => {
  assert.equal(shellWord("/objects/m0"), "/objects/m0");
  const words = [
    "",
    "a b",
    "x; id #",
    "$(id)`id`",
    "it's",
    '"',
    "\\",
    "~",
    "-*",
  ];
  for (const word of words) assert.match(shellWord(word), /^'.*'$/s);
  if (process.platform === "win32") return;
  for (const word of ["pc.ram", ...words]) {
    const line = `printf %s ${shellWord(word)}`;
    assert.equal(execFileSync("sh", ["-c", line], { encoding: "utf8" }), word);
  }
});
