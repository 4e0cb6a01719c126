import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { COMMANDS } from "./commands.ts";
import { COMMANDS_PAGE, withHelpTexts } from "./testing/commands_page.ts";

test("docs/commands.md contains the help texts of the commands", async () => {
  const page = readFileSync(COMMANDS_PAGE, "utf8");
  assert.equal(
    await withHelpTexts(page),
    page,
    "run reference/cli/testing/write_commands_page.ts",
  );
});

test("README.md lists each command", () => {
  const readme = new URL("../../README.md", import.meta.url);
  const text = readFileSync(readme, "utf8").split("| command ")[1];
  const rows = text.split("\n\n")[0].matchAll(/^\| `([\w-]+)/gm);
  const names = Array.from(rows, ([, name]) => name);
  assert.deepEqual(names.toSorted(), Object.keys(COMMANDS).toSorted());
});
