import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import {
  appendFileSync,
  chmodSync,
  closeSync,
  openSync,
  renameSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { test } from "node:test";
import { SourceError } from "../sources/mod.ts";
import { ScratchFolder } from "../testing/scratch_folder.ts";
import { openFileSource } from "./file_source.ts";

const MIB = 0x100000;

function bytesOf(length: number): Uint8Array {
  return new Uint8Array(length).fill(7);
}

/** Ways to change a file, each with its part of the error message. */
const CHANGES: Readonly<Record<string, (path: string) => void>> = {
  "found it 1048576 bytes long, expected 2097152 bytes long": (path) =>
    truncateSync(path, MIB),
  "found it 3145728 bytes long, expected 2097152 bytes long": (path) =>
    appendFileSync(path, bytesOf(MIB)),
  "found it written to at ": (path) => {
    const fd = openSync(path, "r+");
    writeSync(fd, bytesOf(10), 0, 10, MIB);
    closeSync(fd);
    // Independent of the tick of the file system's clock.
    const later = new Date(statSync(path).mtimeMs + 10);
    utimesSync(path, later, later);
  },
};

for (const [found, change] of Object.entries(CHANGES)) {
  test(`openFileSource() detects a change: ${found}`, async () => {
    using scratch = new ScratchFolder();
    const path = scratch.file("a");
    writeFileSync(path, bytesOf(2 * MIB));
    using source = openFileSource(path);
    const page = new Uint8Array(4096);
    await source.readInto(page, MIB);
    source.checkUnchanged();
    change(path);
    const says = (error: unknown) => {
      assert(error instanceof SourceError);
      assert(error.changed);
      assert(error.message.includes(`while it was read, ${found}`));
      return true;
    };
    assert.throws(() => source.checkUnchanged(), says);
    for (const length of [10, 2 * MIB]) {
      const target = new Uint8Array(length);
      await assert.rejects(source.readInto(target, 0), says);
      assert.throws(() => source.readIntoSync(target, 0), says);
    }
  });
}

test("openFileSource() detects a change soon by its reads alone", async () => {
  using scratch = new ScratchFolder();
  const path = scratch.file("a");
  writeFileSync(path, bytesOf(MIB));
  using source = openFileSource(path);
  const page = new Uint8Array(4096);
  await source.readInto(page, 0);
  const later = new Date(statSync(path).mtimeMs + 10);
  utimesSync(path, later, later);
  const begun = performance.now();
  await assert.rejects(async () => {
    while (performance.now() - begun < 60_000) await source.readInto(page, 0);
  }, { name: "SourceError", changed: true });
  // A changed file stays changed even if it gets its old size back.
  const before = new Date(later.getTime() - 10);
  utimesSync(path, before, before);
  await assert.rejects(source.readInto(page, 0), SourceError);
});

test("openFileSource() ignores renaming, replacing, and reading of the file", async () => {
  using scratch = new ScratchFolder();
  const [path, moved] = [scratch.file("a"), scratch.file("b")];
  writeFileSync(path, bytesOf(MIB));
  using source = openFileSource(path);
  renameSync(path, moved);
  chmodSync(moved, 0o400);
  writeFileSync(scratch.file("c"), bytesOf(10));
  renameSync(scratch.file("c"), moved);
  const target = new Uint8Array(MIB);
  await source.readInto(target, 0);
  assert.equal(Buffer.compare(target, bytesOf(MIB)), 0);
  source.checkUnchanged();
});

test("openFileSource() reads memory in use without checking for changes", async () => {
  using scratch = new ScratchFolder();
  const path = scratch.file("a");
  writeFileSync(path, bytesOf(MIB));
  using source = openFileSource(path, { inUse: true });
  const later = new Date(statSync(path).mtimeMs + 10);
  utimesSync(path, later, later);
  source.checkUnchanged();
  const target = new Uint8Array(MIB);
  await source.readInto(target, 0);
  truncateSync(path, 10);
  await assert.rejects(
    source.readInto(target, 0),
    /: the file is shorter than when it was opened$/,
  );
});
