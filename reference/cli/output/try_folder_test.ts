import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { test } from "node:test";
import { ScratchFolder } from "../../testing/scratch_folder.ts";
import { tryFolder } from "./try_folder.ts";

test("tryFolder() leaves no file, and removes that of a killed process", () => {
  using scratch = new ScratchFolder();
  const leftover = ".mapped-ram-probe.0-0-00000000.partial";
  writeFileSync(scratch.file(leftover), "", { mode: 0o600 });
  tryFolder(scratch.path, "wanted");
  assert.deepEqual(scratch.names(), []);
});

test("tryFolder() says why no file can be created", () => {
  using scratch = new ScratchFolder();
  assert.throws(() => tryFolder(scratch.file("no"), "wanted"), {
    name: "SourceError",
    message: 'Cannot write "wanted": no such file or directory',
  });
});
