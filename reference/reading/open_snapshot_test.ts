import assert from "node:assert/strict";
import { test } from "node:test";
import { memorySource } from "../sources/mod.ts";
import { savedFile, testMemory } from "../testing/saved_file.ts";
import { WatchedSource } from "../testing/watched_source.ts";
import { openSnapshot, openSnapshotSync } from "./open_snapshot.ts";

const FILE = await savedFile({ ram: testMemory(8, [1]) }, { machine: "pc" });

test("openSnapshot() reads only headers; openSnapshotSync() makes the same reads", async () => {
  const [waiting, atOnce] = [new WatchedSource(FILE), new WatchedSource(FILE)];
  const snapshot = await openSnapshot(waiting);
  openSnapshotSync(atOnce);
  assert.deepEqual(waiting.ranges, atOnce.ranges);
  const { pagesOffset, usedLength } = snapshot.block("ram");
  for (const { offset, length } of waiting.ranges) {
    assert(
      offset + length <= pagesOffset || offset >= pagesOffset + usedLength,
    );
  }
  assert(waiting.ranges.length <= 3);
});

test("openSnapshot() returns machine, capabilities, and blocks", () => {
  const snapshot = openSnapshotSync(memorySource(FILE));
  assert.equal(snapshot.machine, "pc");
  assert.deepEqual(snapshot.capabilities, ["mapped-ram"]);
  assert.deepEqual(snapshot.blocks.map(({ idstr }) => idstr), ["ram"]);
  assert.equal(snapshot.block("ram"), snapshot.blocks[0]);
});

test("openSnapshot() refuses invalid offsets", async () => {
  for (const offset of [-1, 0.5, NaN, 2 ** 53, Infinity]) {
    const source = new WatchedSource(FILE);
    await assert.rejects(openSnapshot(source, { offset }), RangeError);
    assert.throws(() => openSnapshotSync(source, { offset }), RangeError);
    assert.equal(source.ranges.length, 0);
  }
});

test("openSnapshot() reports an offset past the file's end as truncation", async () => {
  for (const offset of [FILE.length, FILE.length + 1, 2 ** 53 - 1]) {
    await assert.rejects(openSnapshot(memorySource(FILE), { offset }), {
      name: "FormatError",
      rule: "file-truncated",
      offset,
    });
  }
});

test("block() lists the existing blocks if there is no such block", () => {
  const source = memorySource(FILE, { name: "a.mr" });
  assert.throws(() => openSnapshotSync(source).block("rom"), {
    name: "RangeError",
    message: 'Cannot find RAMBlock "rom" in "a.mr": it has "ram"',
  });
});

test("block() reports that a snapshot has no blocks", async () => {
  const source = memorySource(await savedFile({}));
  assert.throws(() => openSnapshotSync(source).block("rom"), /it has none$/);
});

test("deviceState() walks to the end of the stream", async () => {
  const snapshot = await openSnapshot(memorySource(FILE));
  const state = await snapshot.deviceState();
  assert.equal(state.end, FILE.length);
  assert.equal(state.eofOffset, snapshot.index.ramEnd);
  assert.deepEqual(state.sections, []);
  const cut = FILE.subarray(0, snapshot.index.ramEnd);
  const unfinished = await openSnapshot(memorySource(cut));
  await assert.rejects(unfinished.deviceState(), { rule: "eof-present" });
});
