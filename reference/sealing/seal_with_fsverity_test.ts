import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { closeSync, openSync, statSync, writeFileSync } from "node:fs";

import { test } from "node:test";
import { dataRanges } from "../system/mod.ts";
import { openFileSource } from "../local/mod.ts";
import { createFileSink, memorySink } from "../sinks/mod.ts";
import { memorySource } from "../sources/mod.ts";
import { ScratchFolder } from "../testing/scratch_folder.ts";
import { sealSource, verityDigest } from "./seal_source.ts";
import { filledTree, fsverityOf, NO_FSVERITY } from "./testing/fsverity.ts";
import { BLOCK, mixedBytes, sparseFile, UNIT } from "./testing/mixed_data.ts";

const SIZES = [
  ...[0, 1, 4095, 4096, 4097, 2 * BLOCK],
  ...[128 * BLOCK - 1, 128 * BLOCK, 128 * BLOCK + 1, 129 * BLOCK],
];

for (const size of SIZES) {
  test(`sealSource() makes what fsverity makes of ${size} bytes`, {
    skip: NO_FSVERITY,
  }, () => compareSize(size));
}

test("sealSource() makes what fsverity makes of random sizes", {
  skip: NO_FSVERITY,
}, async () => {
  for (let it = 0; it < 8; it++) {
    await compareSize(Math.floor(Math.random() * 0x300000));
  }
});

async function compareSize(size: number): Promise<void> {
  using folder = new ScratchFolder();
  for (const bytes of [mixedBytes(size, size), new Uint8Array(size)]) {
    const path = folder.file("data");
    writeFileSync(path, bytes);
    const expected = fsverityOf(path, folder.file("tree"));
    const sidecar = memorySink();
    const source = memorySource(bytes);
    const { digest, dataLength, sidecarLength } = await sealSource(
      source,
      sidecar,
    );
    assert.equal(digest, expected.digest, `${size} bytes`);
    assert.equal(dataLength, size);
    assert.equal(sidecarLength, sidecar.bytes().length);
    const { tree } = filledTree(sidecar.bytes(), size);
    assert.deepEqual(tree, new Uint8Array(expected.tree));
    assert.equal(await verityDigest(source), expected.digest);
  }
}

/** Sparse files: their lengths, and the data by its position. */
const SPARSE: readonly (readonly [string, number, Record<number, number>])[] = [
  ["a hole at the start", 3 * UNIT, { [2 * UNIT + 5]: 0x300000 }],
  ["a hole at the end", 3 * UNIT, { 100: 5000 }],
  ["nothing but a hole", 2 * UNIT, {}],
  ["one unit of zeros", UNIT, {}],
  ["a hole of a part of a block more", 2 * UNIT + 1, {}],
  ["a hole that ends in a part of a block", 4 * UNIT - 1, { [UNIT]: 1 }],
  ["data around a hole", 3 * UNIT + 70_000, { 0: 1, [3 * UNIT + 69_999]: 1 }],
];

for (const [what, length, data] of SPARSE) {
  test(`sealSource() makes what fsverity makes of a file with ${what}`, {
    skip: NO_FSVERITY,
  }, async () => {
    using folder = new ScratchFolder();
    const path = folder.file("data");
    sparseFile(path, length, data);
    const expected = fsverityOf(path, folder.file("tree"));
    const fd = openSync(path, "r");
    const ranges = dataRanges(fd, length);
    closeSync(fd);
    using source = openFileSource(path);
    const place = folder.file("sidecar");
    for (
      const options of [
        { jobs: 1, dataRanges: ranges },
        { jobs: 3, dataRanges: undefined },
      ]
    ) {
      const sink = createFileSink(place, { force: true });
      const { digest } = await sealSource(source, sink, options);
      assert.equal(digest, expected.digest);
      using made = openFileSource(place);
      const sidecar = new Uint8Array(made.byteLength);
      made.readIntoSync(sidecar, 0);
      const { tree, holes } = filledTree(sidecar, length);
      assert.ok(Buffer.from(expected.tree).equals(tree));
      assert.ok(holes >= Math.floor(length / UNIT) * 126, `${holes} holes`);
      const { blocks } = statSync(place);
      assert.ok(blocks * 512 <= 0x40000, `${blocks} blocks`);
      assert.equal(await verityDigest(source, options), digest);
    }
  });
}
