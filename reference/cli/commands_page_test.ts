import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { COMMANDS_PAGE, withHelpTexts } from "./testing/commands_page.ts";

test("docs/commands.md contains the help texts of the commands", async () => {
  const page = readFileSync(COMMANDS_PAGE, "utf8");
  assert.equal(
    await withHelpTexts(page),
    page,
    "run reference/cli/testing/write_commands_page.ts",
  );
});
