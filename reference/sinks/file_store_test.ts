import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { SourceError } from "../sources/mod.ts";
import { ScratchFolder } from "../testing/scratch_folder.ts";
import { openFileStore } from "./file_store.ts";

const BYTES = new TextEncoder().encode("QEVM");

test("openFileStore() reads and writes in place", async () => {
  using scratch = new ScratchFolder();
  const path = scratch.file("a");
  writeFileSync(path, "0123456789");
  using store = openFileStore(path);
  assert.equal(store.byteLength, 10);
  await store.write(BYTES, 6);
  await store.flush();
  const target = new Uint8Array(10);
  await store.readInto(target, 0);
  assert.equal(new TextDecoder().decode(target), "012345QEVM");
  assert.equal(readFileSync(path, "utf8"), "012345QEVM");
});

test("write() refuses to write past the end", async () => {
  using scratch = new ScratchFolder();
  const path = scratch.file("a");
  writeFileSync(path, "0123456789");
  using store = openFileStore(path);
  await assert.rejects(store.write(BYTES, 7), SourceError);
  await assert.rejects(store.write(BYTES, -1), RangeError);
  assert.equal(readFileSync(path, "utf8"), "0123456789");
});

test("openFileStore() refuses a missing or irregular file", () => {
  using scratch = new ScratchFolder();
  for (const path of [scratch.file("none"), scratch.path]) {
    assert.throws(() => openFileStore(path), SourceError);
  }
  assert.deepEqual(scratch.names(), []);
});

test("close() ends reads and writes", async () => {
  using scratch = new ScratchFolder();
  writeFileSync(scratch.file("a"), "0123456789");
  const store = openFileStore(scratch.file("a"));
  store.close();
  store[Symbol.dispose]();
  await assert.rejects(store.write(BYTES, 0), SourceError);
  await assert.rejects(store.readInto(BYTES, 0), SourceError);
  await assert.rejects(store.flush(), SourceError);
});
