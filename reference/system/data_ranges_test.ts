import assert from "node:assert/strict";
import {
  closeSync,
  ftruncateSync,
  mkdtempSync,
  openSync,
  readSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { dataRanges, punchHole } from "./mod.ts";

const MIB = 0x100000;
const LINUX = process.platform === "linux" ? {} : { skip: "only on Linux" };

/** Calls `body` with a sparse file of 64 MiB. */
function withFile(body: (fd: number, path: string) => void): void {
  const folder = mkdtempSync(join(tmpdir(), "mapped-ram-"));
  const path = join(folder, "sparse");
  const fd = openSync(path, "w+");
  try {
    ftruncateSync(fd, 64 * MIB);
    body(fd, path);
  } finally {
    closeSync(fd);
    rmSync(folder, { recursive: true });
  }
}

test("dataRanges() returns what was written, rounded to blocks", LINUX, () => {
  withFile((fd) => {
    assert.deepEqual(dataRanges(fd, 64 * MIB), []);
    writeSync(fd, new Uint8Array([1]), 0, 1, 3 * MIB + 5);
    writeSync(fd, new Uint8Array(MIB).fill(1), 0, MIB, 63 * MIB);
    const ranges = dataRanges(fd, 64 * MIB) ?? assert.fail("none");
    assert.equal(ranges.length, 2);
    const [first, last] = ranges;
    assert(first.offset <= 3 * MIB + 5);
    assert(first.offset + first.length > 3 * MIB + 5);
    assert(first.length <= MIB);
    assert.deepEqual(last, { offset: 63 * MIB, length: MIB });
  });
});

test("dataRanges() returns the rest as one after 65,535 ranges", LINUX, () => {
  withFile((fd) => {
    const length = 70_000 * 8192;
    ftruncateSync(fd, length);
    for (let at = 0; at < length; at += 8192) {
      writeSync(fd, new Uint8Array([1]), 0, 1, at);
    }
    const ranges = dataRanges(fd, length) ?? assert.fail("none");
    assert(ranges.length <= 65_536);
    const last = ranges[ranges.length - 1];
    assert(last.offset + last.length > length - 8192);
  });
});

test("punchHole() frees a range, which then reads as zeros", LINUX, () => {
  withFile((fd, path) => {
    writeSync(fd, new Uint8Array(MIB).fill(1), 0, MIB, 0);
    const before = statSync(path).blocks;
    punchHole(fd, { name: path, offset: 0x10000, length: 0x80000 });
    const found = new Uint8Array(MIB);
    readSync(fd, found, 0, MIB, 0);
    const wanted = new Uint8Array(MIB).fill(1).fill(0, 0x10000, 0x90000);
    assert.deepEqual(found, wanted);
    assert.equal(before - statSync(path).blocks, 0x80000 / 512);
    assert.equal(statSync(path).size, 64 * MIB);
    assert.throws(
      () => punchHole(fd, { name: "x", offset: -1, length: 1 }),
      { name: "SourceError", message: /^Cannot punch a hole into "x": / },
    );
  });
});
