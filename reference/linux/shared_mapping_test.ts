import assert from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { platform } from "node:process";
import { test } from "node:test";
import { ScratchFolder } from "../testing/scratch_folder.ts";
import { SharedMapping } from "./mod.ts";

const LINUX = { skip: platform !== "linux" };

test("SharedMapping.open() maps a file for reading and writing", LINUX, () => {
  using scratch = new ScratchFolder();
  const path = scratch.file("image");
  writeFileSync(path, new Uint8Array(10_000).fill(3));
  using one = SharedMapping.open(path);
  using other = SharedMapping.open(path);
  assert.equal(one.bytes.length, 10_000);
  one.bytes.set([1, 2], 4095);
  assert.deepEqual([...other.bytes.subarray(4094, 4098)], [3, 1, 2, 3]);
  assert.deepEqual([...readFileSync(path).subarray(4094, 4098)], [3, 1, 2, 3]);
  one.unmap();
  one.unmap(); // A second call is harmless.
  assert.equal(other.bytes[4095], 1);
});

test("SharedMapping.open() refuses files that it cannot map", LINUX, () => {
  using scratch = new ScratchFolder();
  const empty = scratch.file("empty");
  writeFileSync(empty, "");
  const folder = scratch.file("folder");
  mkdirSync(folder);
  for (const path of [empty, folder, scratch.file("missing"), "/dev/null"]) {
    assert.throws(() => SharedMapping.open(path), {
      name: "SourceError",
      message: /^Cannot map ".*": /,
    });
  }
});
