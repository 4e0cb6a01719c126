import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { execFileSync } from "node:child_process";
import {
  appendFileSync,
  chmodSync,
  closeSync,
  ftruncateSync,
  openSync,
  renameSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { createServer } from "node:net";
import process from "node:process";
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

function failureOf(path: string): string {
  try {
    openFileSource(path).close();
  } catch (error) {
    assert(error instanceof SourceError, String(error));
    assert.equal(error.source, path);
    return error.message.replace(path, "PATH");
  }
  return "";
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

test("readInto() refuses a range that is not wholly inside", async () => {
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

/** Ways to change a file, by the text of the error. */
const CHANGES: Readonly<Record<string, (path: string) => void>> = {
  "found it 1048576 bytes long, expected 2097152 bytes long": (path) =>
    truncateSync(path, MIB),
  "found it 3145728 bytes long, expected 2097152 bytes long": (path) =>
    appendFileSync(path, pattern(MIB)),
  "found it written to at ": (path) => {
    const fd = openSync(path, "r+");
    writeSync(fd, pattern(10), 0, 10, MIB);
    closeSync(fd);
    // Independent of the tick of the file system's clock.
    const later = new Date(statSync(path).mtimeMs + 10);
    utimesSync(path, later, later);
  },
};

for (const [found, change] of Object.entries(CHANGES)) {
  test(`openFileSource() sees a change: ${found}`, async () => {
    using scratch = new ScratchFolder();
    const path = scratch.file("a");
    writeFileSync(path, pattern(2 * MIB));
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
    assert.throws(() => source.checkRecently(), says);
  });
}

test("openFileSource() sees a change by its reads alone, and soon", async () => {
  using scratch = new ScratchFolder();
  const path = scratch.file("a");
  writeFileSync(path, pattern(MIB));
  using source = openFileSource(path);
  const page = new Uint8Array(4096);
  await source.readInto(page, 0);
  const later = new Date(statSync(path).mtimeMs + 10);
  utimesSync(path, later, later);
  const begun = performance.now();
  await assert.rejects(async () => {
    while (performance.now() - begun < 10_000) await source.readInto(page, 0);
  }, { name: "SourceError", changed: true });
  // A changed file stays changed even if it gets its old size back.
  const before = new Date(later.getTime() - 10);
  utimesSync(path, before, before);
  await assert.rejects(source.readInto(page, 0), SourceError);
});

test("openFileSource() does not take renaming, replacing or reading for a change", async () => {
  using scratch = new ScratchFolder();
  const [path, moved] = [scratch.file("a"), scratch.file("b")];
  writeFileSync(path, pattern(MIB));
  using source = openFileSource(path);
  renameSync(path, moved);
  chmodSync(moved, 0o400);
  writeFileSync(scratch.file("c"), pattern(10));
  renameSync(scratch.file("c"), moved);
  const target = new Uint8Array(MIB);
  await source.readInto(target, 0);
  assertSame(target, pattern(MIB));
  source.checkUnchanged();
});

test("openFileSource() reads memory in use without checking for changes", async () => {
  using scratch = new ScratchFolder();
  const path = scratch.file("a");
  writeFileSync(path, pattern(MIB));
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

test("openFileSource() refuses an irregular file, in one line", async () => {
  using scratch = new ScratchFolder();
  const refusal = (kind: string) =>
    `Cannot open "PATH": it is ${kind}, expected a regular file, which can be ` +
    "read and written at any position";
  assert.equal(failureOf(scratch.path), refusal("a directory"));
  execFileSync("mkfifo", [scratch.file("pipe")]);
  assert.equal(failureOf(scratch.file("pipe")), refusal("a pipe"));
  assert.equal(failureOf("/dev/null"), refusal("a character device"));
  const server = createServer();
  const socket = scratch.file("socket");
  await new Promise<void>((resolve) => server.listen(socket, resolve));
  assert.match(failureOf(socket), /^Cannot open "PATH": [^\n]+$/);
  await new Promise((resolve) => server.close(resolve));
});

test("openFileSource() says why a file cannot be opened", () => {
  using scratch = new ScratchFolder();
  const reason = (path: string) => failureOf(path);
  assert.equal(
    reason(scratch.file("none")),
    'Cannot open "PATH": no such file or directory',
  );
  writeFileSync(scratch.file("a"), "");
  assert.equal(
    reason(`${scratch.file("a")}/b`),
    'Cannot open "PATH": not a directory',
  );
  symlinkSync("loop", scratch.file("loop"));
  assert.match(reason(scratch.file("loop")), /^Cannot open "PATH": [^\n,]+$/);
  chmodSync(scratch.file("a"), 0);
  if (process.getuid?.() === 0) return; // may read everything
  assert.equal(
    reason(scratch.file("a")),
    'Cannot open "PATH": permission denied',
  );
});
