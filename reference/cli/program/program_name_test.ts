import assert from "node:assert/strict";
import { test } from "node:test";
import { programWords } from "./program_name.ts";

test("programWords() returns the words that started the program", () => {
  const script = "/src/mapped-ram/reference/cli/main.ts";
  const at = {
    script,
    directory: "/src/mapped-ram",
    variable: undefined,
    byNpx: false,
  };
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
    for (
      const installed of [
        "/usr/bin/mapped-ram",
        "/home/node_modules/.bin/mapped-ram",
        "/home/node_modules/mapped-ram/reference/cli/main.js",
        "C:\\home\\node_modules\\mapped-ram\\reference\\cli\\main.js",
      ]
    ) {
      const started = { ...at, runtime, script: installed };
      assert.deepEqual(programWords(started), ["mapped-ram"]);
      assert.deepEqual(
        programWords({ ...started, byNpx: true }),
        ["npx", "mapped-ram"],
      );
    }
  }
  const runtime = "/opt/mapped-ram";
  const inside = "/$bunfs/root/mapped-ram";
  assert.deepEqual(
    programWords({ ...at, runtime, script: inside, byNpx: true }),
    ["mapped-ram"],
  );
});
