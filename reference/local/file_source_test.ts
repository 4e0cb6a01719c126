import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import {
  closeSync,
  ftruncateSync,
  openSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { test } from "node:test";
import { SourceError } from "../sources/mod.ts";
import { ScratchFolder } from "../testing/scratch_folder.ts";
import { openFileSource } from "./file_source.ts";

const MIB = 0x100000;

const PATTERN = Uint8Array.from(
  { length: 3 * MIB },
  (_, index) => (index * 7 + 3) % 251,
);

function pattern(length: number): Uint8Array {
  return PATTERN.slice(0, length);
}

function assertSame(actual: Uint8Array, expected: Uint8Array): void {
  assert.equal(Buffer.compare(actual, expected), 0);
}

test("openFileSource() reads any range, synchronously or not", async () => {
  using scratch = new ScratchFolder();
  const bytes = pattern(3 * MIB);
  writeFileSync(scratch.file("a"), bytes);
  using source = openFileSource(scratch.file("a"));
  assert.equal(source.byteLength, bytes.length);
  assert.equal(source.name, scratch.file("a"));
  const ranges = [[0, 1], [5, 4096], [MIB - 1, MIB + 2], [3 * MIB - 1, 1]];
  for (const [offset, length] of [...ranges, [0, 3 * MIB], [3 * MIB, 0]]) {
    const expected = bytes.slice(offset, offset + length);
    const waited = new Uint8Array(length);
    await source.readInto(waited, offset);
    assertSame(waited, expected);
    const atOnce = new Uint8Array(length);
    source.readIntoSync(atOnce, offset);
    assertSame(atOnce, expected);
  }
});

test("readInto() fills only the part of a buffer that it is passed", async () => {
  using scratch = new ScratchFolder();
  writeFileSync(scratch.file("a"), pattern(2 * MIB));
  using source = openFileSource(scratch.file("a"));
  for (const length of [10, MIB]) {
    const buffer = new Uint8Array(length + 20).fill(0xee);
    await source.readInto(buffer.subarray(10, 10 + length), 100);
    assertSame(
      buffer.subarray(10, 10 + length),
      pattern(MIB + 100).subarray(100, 100 + length),
    );
    for (const edge of [buffer.subarray(0, 10), buffer.subarray(-10)]) {
      assert.deepEqual(edge, new Uint8Array(10).fill(0xee));
    }
  }
});

test("readInto() serves many reads at once", async () => {
  using scratch = new ScratchFolder();
  const bytes = pattern(2 * MIB);
  writeFileSync(scratch.file("a"), bytes);
  using source = openFileSource(scratch.file("a"));
  await Promise.all(Array.from({ length: 40 }, async (_, index) => {
    const target = new Uint8Array(index % 2 === 0 ? 0x50000 : 100);
    const offset = index * 30_000;
    await source.readInto(target, offset);
    assertSame(target, bytes.slice(offset, offset + target.length));
  }));
});

test("openFileSource() reads past 4 GiB of a sparse file", () => {
  using scratch = new ScratchFolder();
  const path = scratch.file("sparse");
  const fd = openSync(path, "w");
  const at = 5 * 2 ** 30 + 17;
  ftruncateSync(fd, 2 ** 40);
  writeSync(fd, pattern(50), 0, 50, at);
  closeSync(fd);
  using source = openFileSource(path);
  assert.equal(source.byteLength, 2 ** 40);
  const target = new Uint8Array(50);
  source.readIntoSync(target, at);
  assertSame(target, pattern(50));
});

test("readInto() refuses a range that is not completely inside", async () => {
  using scratch = new ScratchFolder();
  writeFileSync(scratch.file("a"), pattern(100));
  using source = openFileSource(scratch.file("a"));
  for (const [offset, length] of [[100, 1], [99, 2], [1000, 1], [0, 101]]) {
    const expected = (error: unknown) =>
      error instanceof SourceError && error.range?.offset === offset &&
      error.range.length === length;
    const target = new Uint8Array(length);
    assert.throws(() => source.readIntoSync(target, offset), expected);
    await assert.rejects(source.readInto(target, offset), expected);
  }
  for (const offset of [-1, 0.5, NaN, 2 ** 53]) {
    const target = new Uint8Array(1);
    assert.throws(() => source.readIntoSync(target, offset), RangeError);
    await assert.rejects(source.readInto(target, offset), RangeError);
  }
});

test("readInto() rejects with the signal's reason", async () => {
  using scratch = new ScratchFolder();
  writeFileSync(scratch.file("a"), pattern(2 * MIB));
  using source = openFileSource(scratch.file("a"));
  const reason = new Error("enough");
  const aborted = AbortSignal.abort(reason);
  for (const length of [10, 2 * MIB]) {
    const target = new Uint8Array(length);
    await assert.rejects(
      source.readInto(target, 0, { signal: aborted }),
      reason,
    );
    assert(target.every((byte) => byte === 0));
  }
  const controller = new AbortController();
  const { signal } = controller;
  const reading = source.readInto(new Uint8Array(2 * MIB), 0, { signal });
  controller.abort(reason);
  await assert.rejects(reading, reason);
});

test("close() may be called twice; later reads fail", async () => {
  using scratch = new ScratchFolder();
  writeFileSync(scratch.file("a"), pattern(10));
  const source = openFileSource(scratch.file("a"));
  source.close();
  source.close();
  source[Symbol.dispose]();
  const target = new Uint8Array(1);
  assert.throws(() => source.readIntoSync(target, 0), /: it was closed$/);
  await assert.rejects(source.readInto(target, 0), SourceError);
});

test("openFileSource() opens an empty file and a symbolic link", () => {
  using scratch = new ScratchFolder();
  writeFileSync(scratch.file("a"), "");
  symlinkSync("a", scratch.file("link"));
  for (const name of ["a", "link"]) {
    using source = openFileSource(scratch.file(name));
    assert.equal(source.byteLength, 0);
    source.readIntoSync(new Uint8Array(0), 0);
  }
});
