import { execFileSync } from "node:child_process";
import assert from "node:assert/strict";
import {
  closeSync,
  openSync,
  readSync,
  statSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { test } from "node:test";
import { REFLINK_TYPES } from "../testing/reflink_disk.ts";
import {
  reflinkFile,
  reflinkRange,
  reflinkTest,
} from "../testing/reflink_test_case.ts";
import { ScratchFolder } from "../testing/scratch_folder.ts";
import { type SharedExtent, sharedExtents } from "./mod.ts";

const MIB = 0x100000;

/** Bytes of no period. */
function noise(length: number): Uint8Array {
  const words = new Uint32Array(length / 4);
  let state = 1;
  for (let index = 0; index < words.length; index++) {
    state = Math.imul(state, 0x5bd1e995) + 0x1b873593 >>> 0;
    words[index] = state;
  }
  return new Uint8Array(words.buffer);
}

function extentsOf(
  path: string,
  range = { offset: 0, length: statSync(path).size },
): SharedExtent[] | undefined {
  const fd = openSync(path, "r");
  try {
    return sharedExtents(fd, range);
  } finally {
    closeSync(fd);
  }
}

/** Writes at places of a file, and flushes nothing. */
function overwrite(
  path: string,
  places: readonly number[],
  bytes: Uint8Array,
): void {
  const fd = openSync(path, "r+");
  for (const place of places) writeSync(fd, bytes, 0, bytes.length, place);
  closeSync(fd);
}

/** Asserts that bytes at the same position of the disk are the same. */
function checkPositions(
  one: string,
  other: string,
): { readonly equal: number } {
  const [a, b] = [one, other].map((it) => {
    const fd = openSync(it, "r");
    const bytes = new Uint8Array(statSync(it).size);
    readSync(fd, bytes, 0, bytes.length, 0);
    closeSync(fd);
    return { bytes, extents: extentsOf(it) ?? [] };
  });
  let equal = 0;
  for (const { offset, length, position } of a.extents) {
    for (const it of b.extents) {
      const start = Math.max(position, it.position);
      const end = Math.min(position + length, it.position + it.length);
      if (start >= end) continue;
      const [at, atOther] = [offset - position, it.offset - it.position];
      const bytes = b.bytes.subarray(start + atOther, end + atOther);
      // Not deepEqual: its message about a difference would take minutes.
      assert.ok(
        a.bytes.subarray(start + at, end + at).every((it, index) =>
          it === bytes[index]
        ),
        `${end - start} bytes at ${start} of the disk`,
      );
      equal += end - start;
    }
  }
  return { equal };
}

for (const type of REFLINK_TYPES) {
  reflinkTest(
    "sharedExtents() finds what two files share, and not what was written since",
    type,
    (disk) => {
      const [one, other] = [disk.file("one"), disk.file("other")];
      writeFileSync(one, noise(8 * MIB));
      // Nothing is shared yet.
      assert.deepEqual(extentsOf(one), []);
      reflinkFile(one, other);
      assert.equal(checkPositions(one, other).equal, 8 * MIB);
      overwrite(other, [0, 3 * MIB, 8 * MIB - 4096], noise(4096).fill(1));
      assert.equal(checkPositions(one, other).equal, 8 * MIB - 3 * 4096);
      // Many more extents than one call returns.
      const places = Array.from({ length: 1000 }, (_, it) => it * 8192 + 4096);
      overwrite(other, places, noise(4096).fill(2));
      const { equal } = checkPositions(one, other);
      assert.ok(equal > 0 && equal <= 8 * MIB - 1002 * 4096, `${equal}`);
      const range = { offset: MIB + 100, length: 20000 };
      for (const it of extentsOf(other, range) ?? []) {
        assert.ok(it.offset >= range.offset);
        assert.ok(it.offset + it.length <= range.offset + range.length);
      }
    },
  );

  reflinkTest(
    "sharedExtents() finds the parts of a file at another offset",
    type,
    (disk) => {
      const [one, other] = [disk.file("one"), disk.file("other")];
      writeFileSync(one, noise(MIB));
      execFileSync("sync", [one]);
      writeFileSync(other, "");
      reflinkRange(one, other, {
        offset: 0x8000,
        length: 0x10000,
        toOffset: 0x4000,
      });
      assert.equal(checkPositions(one, other).equal, 0x10000);
    },
  );
}

reflinkTest(
  "sharedExtents() leaves out compressed extents, whose parts look alike",
  "btrfs",
  (disk) => {
    const options = "remount,compress-force=zstd";
    execFileSync("mount", ["-o", options, disk.path]);
    const [one, other] = [disk.file("one"), disk.file("other")];
    const text = new Uint8Array(0x20000).map((_, at) => at >> 12);
    writeFileSync(one, text);
    execFileSync("sync", [one]);
    writeFileSync(other, "");
    // Two parts of one compressed extent, at one place of both files.
    const range = { offset: 0x2000, length: 0x2000, toOffset: 0 };
    reflinkRange(one, other, range);
    overwrite(one, [0x2000], text.subarray(0, 0x1e000));
    assert.deepEqual([extentsOf(one), extentsOf(other)], [[], []]);
  },
);

test("sharedExtents() finds nothing on other file systems", () => {
  using folder = new ScratchFolder();
  const path = folder.file("a");
  writeFileSync(path, noise(8192));
  for (const it of [path, "/proc/self/status", "/dev/null"]) {
    assert.equal(extentsOf(it, { offset: 0, length: 8192 }), undefined, it);
  }
});
