import assert from "node:assert/strict";
import { appendFileSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { randomNumbers } from "../../format/testing/random_numbers.ts";
import { openFileSource } from "../local/mod.ts";
import { packQcow2 } from "../packing/mod.ts";
import { openQcow2 } from "../qcow2/mod.ts";
import { openSnapshot } from "../reading/mod.ts";
import { createFileSink } from "../sinks/mod.ts";
import {
  type ByteSource,
  memorySource,
  type SourceError,
} from "../sources/mod.ts";
import { savedFile, testMemory } from "../testing/saved_file.ts";
import { ScratchFolder } from "../testing/scratch_folder.ts";
import { type BlockDiff, diffSnapshots, type PageChange } from "./mod.ts";
import { diff, image } from "./testing/diff_sources.ts";
import { naivePages } from "./testing/naive_diff.ts";
import { randomPair } from "./testing/random_pair.ts";

/** Returns the pages that differ, in the form of `naivePages`. */
function pagesOf(
  { summary, differences }: Awaited<ReturnType<typeof diff>>,
): ReturnType<typeof naivePages> {
  const found: Record<string, Record<number, PageChange>> = {};
  for (const { idstr, compared } of summary.blocks) {
    assert.ok(compared);
    found[idstr] = {};
  }
  for (const it of differences) {
    if (it.kind !== "pages") continue;
    for (let page = it.first; page < it.end; page++) {
      assert.equal(found[it.idstr][page], undefined);
      found[it.idstr][page] = it.change;
    }
  }
  for (const block of summary.blocks) {
    const changes = Object.values(found[block.idstr]);
    for (const name of ["appeared", "vanished", "changed"] as const) {
      const count = changes.filter((it) => it === name).length;
      assert.equal(block[name], count, `${block.idstr} ${name}`);
    }
  }
  return found;
}

test("diffSnapshots() finds the pages that a naive comparison finds", async () => {
  for (let seed = 0; seed < 40; seed++) {
    const random = randomNumbers(seed);
    const { a, b } = await randomPair(random);
    const expected = naivePages(a, b);
    let progress = 0;
    const inMemory = await diff(memorySource(a), memorySource(b), {
      onProgress({ done, total }) {
        assert.ok(done <= total && done >= progress, `${done} of ${total}`);
        progress = done;
      },
    });
    assert.deepEqual(pagesOf(inMemory), expected, `seed ${seed}`);
    const again = await diff(memorySource(a), memorySource(a));
    assert.ok(again.summary.same, `seed ${seed}`);
    assert.deepEqual(again.differences, []);
  }
});

test("diffSnapshots() finds the same in files, and in images with and without a base", async () => {
  using folder = new ScratchFolder();
  for (let seed = 100; seed < 116; seed++) {
    const random = randomNumbers(seed);
    const { a, b } = await randomPair(random);
    const expected = naivePages(a, b);
    const paths = [folder.file("a"), folder.file("b")];
    writeFileSync(paths[0], a);
    writeFileSync(paths[1], b);
    using one = openFileSource(paths[0]);
    using other = openFileSource(paths[1]);
    const clusterSize = [4096, 65536][random(2)];
    // Each disk of a chain holds another part.
    const plain = memorySource(a);
    const base = (await image(a, { clusterSize })).disk;
    const sources: readonly (readonly [ByteSource, ByteSource])[] = [
      [one, other],
      [one, memorySource(b)],
      [base, (await image(b, { clusterSize, backing: base })).disk],
      [plain, (await image(b, { clusterSize, backing: plain })).disk],
      [base, (await image(b, { clusterSize })).disk],
      [
        (await image(a, { clusterSize, backing: other })).disk,
        (await image(b, { clusterSize: 4096, backing: other })).disk,
      ],
    ];
    for (const [index, [first, second]] of sources.entries()) {
      const found = await diff(first, second);
      assert.deepEqual(pagesOf(found), expected, `seed ${seed} ${index}`);
    }
    for (const path of ["a.qcow2", "b.qcow2"].map((it) => folder.file(it))) {
      const source = path.endsWith("a.qcow2") ? one : other;
      const sink = createFileSink(path, { force: true });
      await packQcow2(source, sink, { clusterSize });
    }
    using packedA = openFileSource(folder.file("a.qcow2"));
    using packedB = openFileSource(folder.file("b.qcow2"));
    using diskA = await openQcow2(packedA);
    using diskB = await openQcow2(packedB);
    const packed = await diff(diskA, diskB);
    assert.deepEqual(pagesOf(packed), expected, `seed ${seed}`);
  }
});

test("diffSnapshots() compares on threads", async () => {
  using folder = new ScratchFolder();
  const pages = 0x6000;
  const all = Array.from({ length: pages }, (_, page) => page);
  const before = testMemory(pages, all);
  const after = before.slice();
  const changed = all.filter((it) => it % 1000 === 7);
  for (const page of changed) after[page * 4096 + page % 4096] ^= 1;
  after.fill(0, 0x800 * 4096, 0x900 * 4096);
  const expected = changed.filter((it) => it < 0x800 || it >= 0x900).length;
  for (const [name, ram] of Object.entries({ before, after })) {
    writeFileSync(folder.file(name), await savedFile({ ram }));
  }
  using a = openFileSource(folder.file("before"));
  using b = openFileSource(folder.file("after"));
  let progress = 0;
  const { summary } = await diff(a, b, {
    jobs: 2,
    onProgress({ done, total }) {
      assert.ok(done <= total && done >= progress, `${done} of ${total}`);
      progress = done;
    },
  });
  const [ram] = summary.blocks;
  assert.equal(ram.changed, expected);
  assert.equal(ram.vanished, 0x100);
  assert.equal(ram.readBytes, (2 * pages - 0x100) * 4096);
  assert.equal(progress, pages * 4096);
});

test("diffSnapshots() counts zero pages that a file holds as the same", async () => {
  const ram = testMemory(64, [1, 2, 3]);
  const bytes = await savedFile({ ram });
  const stored = bytes.slice();
  const { blocks: [{ bitmapOffset }] } = await openSnapshot(
    memorySource(bytes),
  );
  stored[bitmapOffset] = 0xff;
  for (const pair of [[bytes, stored], [stored, bytes]]) {
    const [a, b] = pair.map((it) => memorySource(it));
    const { summary } = await diff(a, b);
    assert.equal(summary.same, true);
    assert.equal(summary.blocks[0].zeroStored, 5);
    assert.equal(summary.blocks[0].readBytes, (5 + 2 * 3) * 4096);
  }
});

test("diffSnapshots() compares blocks of other lengths, and names those in one", async () => {
  const long = testMemory(20, [1, 18, 19]);
  const only = new Uint8Array(4096);
  const [a, b] = [
    await savedFile({ ram: long.subarray(0, 10 * 4096), a: only }),
    await savedFile({ ram: long, b: only }, { machine: "pc-i440fx-10.0" }),
  ];
  const { summary, differences } = await diff(
    memorySource(a),
    memorySource(b),
  );
  const configuration = differences.filter((it) => it.kind === "configuration")
    .map(({ idstr, property, a, b }) => [idstr, property, a, b]);
  assert.deepEqual(configuration, [
    [undefined, "machine", "none", "pc-i440fx-10.0"],
    ["ram", "usedLength", 10 * 4096, 20 * 4096],
    ["a", "block", 4096, undefined],
    ["b", "block", undefined, 4096],
  ]);
  assert.equal(summary.configuration, 4);
  assert.deepEqual(summary.blocks.map((it) => [it.idstr, it.appeared]), [
    ["ram", 2],
  ]);
});

test("diffSnapshots() does not compare pages of two sizes", async () => {
  const ram = testMemory(16, [3]);
  const [a, b] = [
    await savedFile({ ram }),
    await savedFile({ ram }, { pageSize: 8192, targetPageBits: 13 }),
  ];
  const { summary, differences } = await diff(
    memorySource(a),
    memorySource(b),
  );
  assert.deepEqual(
    differences.map((it) => it.kind === "configuration" && it.property),
    ["targetPageBits", "pageSize"],
  );
  assert.equal(summary.same, false);
  const { compared, readBytes }: BlockDiff = summary.blocks[0];
  assert.deepEqual({ compared, readBytes }, { compared: false, readBytes: 0 });
});

test("diffSnapshots() stops at a signal, at an error of its caller, and at a change", async () => {
  using folder = new ScratchFolder();
  const paths = [folder.file("a"), folder.file("b")];
  const ram = testMemory(64, [1, 40]);
  writeFileSync(paths[0], await savedFile({ ram }));
  writeFileSync(paths[1], await savedFile({ ram: ram.fill(9, 0, 4096) }));
  const [a, b] = paths.map((it) => openFileSource(it));
  try {
    const signal = AbortSignal.abort(new Error("stopped"));
    await assert.rejects(diff(a, b, { signal }), /^Error: stopped$/);
    const [one, other] = [await openSnapshot(a), await openSnapshot(b)];
    const onDifference = () => {
      throw new Error("enough");
    };
    await assert.rejects(
      diffSnapshots(one, other, { onDifference }),
      /^Error: enough$/,
    );
    // The second file grows while pages are compared.
    await assert.rejects(
      diffSnapshots(one, other, {
        onDifference: () => appendFileSync(paths[1], "more"),
      }),
      (error: SourceError) => error.changed && error.source === paths[1],
    );
  } finally {
    for (const it of [a, b]) it.close();
  }
});
