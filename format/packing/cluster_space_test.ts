import assert from "node:assert/strict";
import { test } from "node:test";
import { placeClusters } from "./cluster_space.ts";
import { refcountLayout, writeRefcountBlock } from "./refcounts.ts";
import { compressedEntry } from "./write_entry.ts";
import { clusterOf, wordsAt } from "../qcow2/qcow2_entry.ts";

const SIZE = 0x10000;

test("placeClusters() lets compressed clusters follow each other", () => {
  const space = { packedEnd: 3 * SIZE, clusterEnd: 3 * SIZE };
  const first = placeClusters(space, [1000, SIZE, 70, SIZE], SIZE);
  assert.deepEqual(first.positions, [
    3 * SIZE,
    4 * SIZE,
    3 * SIZE + 1000,
    5 * SIZE,
  ]);
  // What fits goes into the cluster that is not full, the rest to the end.
  const second = placeClusters(first.space, [60_000, 10_000, 9], SIZE);
  assert.deepEqual(second.positions, [
    3 * SIZE + 1070,
    6 * SIZE,
    6 * SIZE + 10_000,
  ]);
  assert.deepEqual(second.space, {
    packedEnd: 6 * SIZE + 10_009,
    clusterEnd: 7 * SIZE,
  });
});

test("placeClusters() lets a compressed cluster cross into the next one", () => {
  const space = { packedEnd: SIZE + 10, clusterEnd: 2 * SIZE };
  const { positions, space: after } = placeClusters(space, [SIZE - 1], SIZE);
  assert.deepEqual(positions, [SIZE + 10]);
  assert.deepEqual(after, { packedEnd: 2 * SIZE + 9, clusterEnd: 3 * SIZE });
});

test("placeClusters() never uses bytes twice", () => {
  let state = 1;
  const random = () => (state = Math.imul(state, 48271) >>> 0) / 2 ** 32;
  let space = { packedEnd: SIZE, clusterEnd: SIZE };
  let used = SIZE;
  const ranges: (readonly [number, number])[] = [];
  for (let chunk = 0; chunk < 500; chunk++) {
    const lengths = Array.from(
      { length: 16 },
      () => random() < 0.1 ? SIZE : 13 + Math.floor(random() * (SIZE - 13)),
    );
    const placed = placeClusters(space, lengths, SIZE);
    space = placed.space;
    for (const [index, length] of lengths.entries()) {
      const start = placed.positions[index];
      if (length === SIZE) assert.equal(start % SIZE, 0);
      ranges.push([start, start + length]);
      used += length;
    }
  }
  let end = SIZE;
  for (const [start, stop] of ranges.toSorted((a, b) => a[0] - b[0])) {
    assert.ok(start >= end);
    end = stop;
  }
  assert.ok(space.clusterEnd >= end && space.clusterEnd - end < SIZE);
  assert.ok(space.clusterEnd < used * 1.05);
});

test("refcountLayout() counts itself, however large the image", () => {
  for (const size of [0x1000, SIZE]) {
    for (const used of [3, size / 2 - 2, size / 2 - 1, size / 2, 10 * size]) {
      const layout = refcountLayout(used * size, size);
      const { tableClusters, blockCount, end } = layout;
      const total = end / size;
      assert.equal(total, used + tableClusters + blockCount);
      assert.ok(blockCount * size / 2 >= total);
      assert.ok((blockCount - 1) * size / 2 < total);
      assert.ok(tableClusters * size / 8 >= blockCount);
      const last = writeRefcountBlock(layout, new Uint16Array(used), {
        block: blockCount - 1,
        clusterSize: size,
      });
      const inLast = total - (blockCount - 1) * size / 2;
      const view = new DataView(last.buffer);
      assert.equal(view.getUint16((inLast - 1) * 2), 1);
      if (inLast < size / 2) assert.equal(view.getUint16(inLast * 2), 0);
    }
  }
});

test("compressedEntry() is read as it was written", () => {
  for (const clusterBits of [12, 16, 21]) {
    for (const offset of [0x1000, 0x1234, 2 ** 40 + 511]) {
      for (const length of [1, 512, 513, 2 ** clusterBits - 1]) {
        const view = new DataView(new ArrayBuffer(8));
        view.setBigUint64(0, compressedEntry(offset, length, clusterBits));
        const place = clusterOf(wordsAt(view, 0), { version: 3, clusterBits });
        assert.ok(place.kind === "compressed");
        assert.equal(place.offset, offset);
        const end = Math.ceil((offset + length) / 512) * 512;
        assert.equal(place.offset + place.length, end);
      }
    }
  }
});
