import assert from "node:assert/strict";
import { test } from "node:test";
import { TreeGeometry } from "./tree_geometry.ts";

test("TreeGeometry has the numbers of SPEC.md 14.5", () => {
  const rows = [
    [0, 0, [], 4096],
    [1, 1, [], 4096],
    [4096, 1, [], 4096],
    [4097, 2, [1], 8192],
    [524288, 128, [1], 8192],
    [524289, 129, [2, 1], 16384],
    [67108864, 16384, [128, 1], 532480],
    [67108865, 16385, [129, 2, 1], 544768],
    [1073741824, 262144, [2048, 16, 1], 8462336],
  ] as const;
  for (const [length, blocks, counts, sidecarLength] of rows) {
    const geometry = new TreeGeometry(length);
    assert.equal(geometry.dataLength, length);
    assert.equal(geometry.blockCount, blocks);
    assert.deepEqual(geometry.levels.map((it) => it.blockCount), counts);
    assert.equal(geometry.sidecarLength, sidecarLength);
  }
});

test("TreeGeometry has the root level first, and which blocks are full", () => {
  const geometry = new TreeGeometry(4096 * 16385);
  const [leaves, middle, root] = geometry.levels;
  assert.deepEqual([leaves, middle, root], [
    { level: 1, offset: 16384, blockCount: 129, hashCount: 16385, span: 128 },
    { level: 2, offset: 8192, blockCount: 2, hashCount: 129, span: 16384 },
    { level: 3, offset: 4096, blockCount: 1, hashCount: 2, span: 2097152 },
  ]);
  assert.deepEqual(
    [[leaves, 127], [leaves, 128], [middle, 0], [middle, 1], [root, 0]].map(
      ([level, index]) =>
        geometry.isFull(level as typeof root, index as number),
    ),
    [true, false, true, false, false],
  );
  assert.deepEqual([0, 127, 128].map((it) => geometry.hashBytes(leaves, it)), [
    4096,
    4096,
    32,
  ]);
  assert.deepEqual([0, 1].map((it) => geometry.hashBytes(middle, it)), [
    4096,
    32,
  ]);
  assert.equal(geometry.hashBytes(root, 0), 64);
});

test("a hash block is full if the last data block is in the file in part", () => {
  const geometry = new TreeGeometry(524287);
  assert(geometry.isFull(geometry.levels[0], 0));
});
