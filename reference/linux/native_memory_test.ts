import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import process from "node:process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

test("NativeMemory.forbid() leaves no part that can be read", {
  skip: process.platform === "linux" ? false : "only on Linux",
}, () => {
  const url = new URL("testing/forbid_with_holes.ts", import.meta.url);
  const options = "Deno" in globalThis ? ["run", "-A", "--no-check"] : [];
  const { stdout, stderr } = spawnSync(
    process.execPath,
    [...options, fileURLToPath(url)],
    { encoding: "utf8" },
  );
  assert.equal(stdout, "true false\n".repeat(3), stderr);
});
