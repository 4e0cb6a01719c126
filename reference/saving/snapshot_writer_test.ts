import assert from "node:assert/strict";
import { test } from "node:test";
import { PageBuffer } from "../pages/mod.ts";
import {
  openSnapshot,
  openSnapshotSync,
  verifySnapshot,
} from "../reading/mod.ts";
import { memorySink } from "../sinks/mod.ts";
import { memorySource } from "../sources/mod.ts";
import { savedFile, testMemory } from "../testing/saved_file.ts";
import { WatchedSink } from "../testing/watched_sink.ts";
import { createSnapshot } from "./snapshot_writer.ts";

const PAGE = 4096;
const BLOCKS = [{ idstr: "ram", usedLength: 16 * PAGE }];

const page = (value: number) => new Uint8Array(PAGE).fill(value);
const open = (bytes: Uint8Array) => openSnapshotSync(memorySource(bytes));

test("writePage() accepts pages in any order, and the last write wins", async () => {
  const sink = memorySink();
  const writer = await createSnapshot(sink, BLOCKS);
  const block = writer.block("ram");
  for (const index of [9, 0, 15, 3, 9, 0]) {
    assert.equal(await block.writePage(index, page(index + 1)), true);
  }
  await block.writePage(3, page(77));
  await writer.finish();
  const read = open(sink.bytes()).block("ram");
  assert.deepEqual(
    Array.from({ length: 16 }, (_, index) => read.readPageSync(index)[0]),
    [1, 0, 0, 77, 0, 0, 0, 0, 0, 10, 0, 0, 0, 0, 0, 16],
  );
  assert.equal(sink.bytes().length, writer.byteLength);
});

test("writePage() clears the bit of a page that became zero", async () => {
  const sink = memorySink();
  const writer = await createSnapshot(sink, BLOCKS);
  const block = writer.block("ram");
  await block.writePage(4, page(1));
  assert.equal(await block.presentCount(), 1);
  assert.equal(await block.writePage(4, page(0)), false);
  assert.equal(await block.presentCount(), 0);
  await writer.finish();
  const bytes = sink.bytes();
  const read = open(bytes).block("ram");
  assert.equal(read.hasPageSync(4), false);
  assert.deepEqual(read.readPageSync(4), page(0));
  assert.equal(bytes[read.pagesOffset + 4 * PAGE], 0, "its old bytes are gone");
});

test("writePages() writes zeros over pages that were not zero before", async () => {
  const sink = memorySink();
  const writer = await createSnapshot(sink, BLOCKS);
  const block = writer.block("ram");
  const many = new PageBuffer(10 * PAGE);
  for (const nonZero of [[0, 1, 3, 5, 6, 9], [1, 2, 6], []]) {
    many.bytes.fill(0);
    for (const index of nonZero) many.bytes[index * PAGE] = 1 + index;
    await block.writePages(2, {
      bytes: many.bytes,
      nonZero: many.nonZeroPages(PAGE, 10),
    });
    const { pagesOffset } = block;
    const found = sink.bytes().subarray(pagesOffset).slice(0, 12 * PAGE);
    const expected = new Uint8Array(found.length);
    expected.set(many.bytes, 2 * PAGE);
    assert.deepEqual(found, expected.subarray(0, found.length));
    assert.equal(await block.presentCount(), nonZero.length);
  }
});

test("writePage() does not count a page whose write failed", async () => {
  const sink = new WatchedSink(memorySink());
  const writer = await createSnapshot(sink, BLOCKS);
  const block = writer.block("ram");
  sink.failing = sink.calls.length;
  await assert.rejects(block.writePage(2, page(1)), sink.error);
  assert.equal(await block.presentCount(), 0);
  assert.equal(await block.writePage(2, page(1)), true);
  assert.equal(await block.presentCount(), 1);
});

test("writePage() refuses anything but a page of the block", async () => {
  const writer = await createSnapshot(memorySink(), BLOCKS);
  const block = writer.block("ram");
  for (const index of [-1, 16, 0.5, NaN]) {
    await assert.rejects(block.writePage(index, page(1)), RangeError);
  }
  for (const length of [0, PAGE - 1, PAGE + 1, 2 * PAGE]) {
    const bytes = new Uint8Array(length);
    await assert.rejects(block.writePage(0, bytes), RangeError);
  }
  assert.equal(await block.presentCount(), 0);
});

test("createSnapshot() writes zero pages only when no page is written", async () => {
  const sink = memorySink();
  const blocks = [...BLOCKS, { idstr: "other", usedLength: PAGE }];
  const writer = await createSnapshot(sink, blocks);
  await writer.finish();
  const { findings, good } = await verifySnapshot(memorySource(sink.bytes()));
  assert.deepEqual(findings, []);
  assert(good);
  const snapshot = open(sink.bytes());
  assert.deepEqual([...snapshot.block("ram").presentRunsSync()], []);
});

test("createSnapshot() writes a file without RAM", async () => {
  const sink = memorySink();
  await (await createSnapshot(sink, [])).finish();
  assert.deepEqual(open(sink.bytes()).blocks, []);
});

test("createSnapshot() accepts names of maximum length", async () => {
  const sink = memorySink();
  const machine = "m".repeat(255);
  const idstr = "i".repeat(255);
  const blocks = [{ idstr, usedLength: PAGE }];
  await (await createSnapshot(sink, blocks, { machine })).finish();
  const snapshot = open(sink.bytes());
  assert.equal(snapshot.machine, machine);
  assert.equal(snapshot.block(idstr).pageCount, 1);
});

test("createSnapshot() writes target-page-bits on request", async () => {
  const sink = memorySink();
  const options = { pageSize: 16_384, targetPageBits: 14 };
  const blocks = [{ idstr: "ram", usedLength: 16_384 }];
  await (await createSnapshot(sink, blocks, options)).finish();
  const { index } = open(sink.bytes());
  assert.equal(index.configuration.targetPageBits, 14);
  assert.equal(index.blocks[0].pageSize, 16_384);
});

test("block() names the sink when there is no such block", async () => {
  const sink = memorySink({ name: "the sink" });
  const writer = await createSnapshot(sink, BLOCKS);
  assert.throws(() => writer.block("rom"), {
    name: "RangeError",
    message: 'Cannot find RAMBlock "rom" in "the sink": it has "ram"',
  });
});

test("abort() keeps nothing", async () => {
  const sink = memorySink();
  const writer = await createSnapshot(sink, BLOCKS);
  await writer.block("ram").writePage(0, page(1));
  await writer.abort();
  assert.equal(sink.bytes().length, 0);
});

test("createSnapshot() writes the same bytes for any order of pages", async () => {
  const memory = testMemory(16, [1, 5, 6, 15]);
  const files: Uint8Array[] = [];
  for (const order of [[1, 5, 6, 15], [15, 1, 6, 5]]) {
    const sink = memorySink();
    const writer = await createSnapshot(sink, BLOCKS);
    for (const index of order) {
      const start = index * PAGE;
      await writer.block("ram").writePage(
        index,
        memory.subarray(start, start + PAGE),
      );
    }
    await writer.finish();
    files.push(sink.bytes());
  }
  assert.deepEqual(files[0], files[1]);
  assert.deepEqual(files[0], await savedFile({ ram: memory }));
});

test("createSnapshot() copies machine and tail from deviceStateFrom", async () => {
  const memory = testMemory(8, [1, 7]);
  const first = await savedFile({ ram: memory }, {
    machine: "q35",
    pageSize: 8192,
    targetPageBits: 13,
  });
  const from = await openSnapshot(memorySource(first));
  const sink = memorySink();
  const blocks = [{ idstr: "other", usedLength: 3 * 8192 }];
  const options = { deviceStateFrom: from, machine: "not this", pageSize: 256 };
  const writer = await createSnapshot(sink, blocks, options);
  await writer.finish();
  const copy = open(sink.bytes());
  assert.equal(copy.machine, "q35");
  assert.equal(copy.index.configuration.targetPageBits, 13);
  assert.equal(copy.block("other").pageSize, 8192);
  const tail = (bytes: Uint8Array, { ramSetup }: typeof copy.index) =>
    bytes.slice(ramSetup.offset + ramSetup.length);
  assert.deepEqual(tail(sink.bytes(), copy.index), tail(first, from.index));
});
