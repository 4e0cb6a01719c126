import assert from "node:assert/strict";
import { truncateSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import type { BackingFile } from "../sources/mod.ts";
import { ScratchFolder } from "../testing/scratch_folder.ts";
import { isSparse, SparseFile } from "./sparse_file.ts";

const MIB = 0x100000;

test("isSparse() returns true only if the file is known to be mostly holes", () => {
  const file: BackingFile = {
    kind: "file",
    path: "x",
    name: "x",
    identity: "1:1",
    byteLength: 4000,
  };
  assert.equal(isSparse(file), false);
  assert.equal(isSparse({ ...file, allocatedLength: 0 }), true);
  assert.equal(isSparse({ ...file, allocatedLength: 1000 }), true);
  assert.equal(isSparse({ ...file, allocatedLength: 1001 }), false);
});

test("SparseFile reads data, holes, and an unaligned end", () => {
  using scratch = new ScratchFolder();
  const path = scratch.file("image");
  const data = new Uint8Array(5000).map((_, index) => 1 + index % 255);
  writeFileSync(path, data);
  truncateSync(path, MIB + 77);
  using file = new SparseFile(path, "the image");
  const memory = new WebAssembly.Memory({ initial: 17 }); // page-aligned
  const target = new Uint8Array(memory.buffer, 0, MIB + 77).fill(9);
  file.readSync(target, 0);
  assert.deepEqual(target.subarray(0, 5000), data);
  assert(target.subarray(5000).every((byte) => byte === 0));
  const part = new Uint8Array(10);
  file.readSync(part, 4995);
  assert.deepEqual([...part], [...data.subarray(4995), 0, 0, 0, 0, 0]);
});

test("SparseFile names the file in errors", () => {
  using scratch = new ScratchFolder();
  const path = scratch.file("image");
  writeFileSync(path, new Uint8Array(8192));
  using file = new SparseFile(path, "the image");
  truncateSync(path, 4096);
  const target = new Uint8Array(new WebAssembly.Memory({ initial: 1 }).buffer);
  const wanted = { name: "SourceError", message: /"the image"/ };
  assert.throws(() => file.readSync(target.subarray(0, 4096), 4096), wanted);
  file.readSync(target.subarray(0, 4096), 0); // other reads still succeed
  assert.throws(
    () => new SparseFile(scratch.file("none"), "the image"),
    wanted,
  );
});
