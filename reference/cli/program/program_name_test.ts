import assert from "node:assert/strict";
import { test } from "node:test";
import { programWords } from "./program_name.ts";

test("programWords() returns the words that started the program", () => {
  const script = "/src/mapped-ram/reference/cli/main.ts";
  const at = { script, directory: "/src/mapped-ram", variable: undefined };
  const deno = { ...at, runtime: "/usr/bin/deno" };
  assert.deepEqual(programWords(deno), ["mapped-ram"]);
  const task = { ...deno, variable: "deno task" };
  assert.deepEqual(programWords(task), ["deno", "task"]);
  for (const name of ["bun", "node"]) {
    const runtime = `/usr/bin/${name}`;
    assert.deepEqual(
      programWords({ ...at, runtime }),
      [name, "reference/cli/main.ts"],
    );
    assert.deepEqual(
      programWords({ ...at, runtime, directory: "/home" }),
      [name, script],
    );
  }
});
