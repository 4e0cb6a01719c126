import assert from "node:assert/strict";
import { closeSync, openSync, writeFileSync } from "node:fs";
import process from "node:process";
import { test } from "node:test";
import { ScratchFolder } from "../testing/scratch_folder.ts";
import { measureVerity } from "./mod.ts";

const LINUX = process.platform === "linux" ? {} : { skip: "only on Linux" };

test(
  "measureVerity() finds no digest of a file without fs-verity",
  LINUX,
  () => {
    using folder = new ScratchFolder();
    const path = folder.file("a");
    writeFileSync(path, "a");
    for (const file of [path, "/proc/self/status", "/dev/null"]) {
      const fd = openSync(file, "r");
      assert.equal(measureVerity(fd), undefined, file);
      closeSync(fd);
    }
  },
);

test("measureVerity() rejects a descriptor of no file", LINUX, () => {
  assert.throws(
    () => measureVerity(-1),
    /^SourceError: Cannot read the fs-verity digest: EBADF$/,
  );
});
