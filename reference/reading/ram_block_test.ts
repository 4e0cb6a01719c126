import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { test } from "node:test";
import {
  type ByteSource,
  memorySource,
  type SourceReadOptions,
} from "../sources/mod.ts";
import { savedFile } from "../testing/saved_file.ts";
import { WatchedSource } from "../testing/watched_source.ts";
import { openSnapshot } from "./open_snapshot.ts";
import {
  FILE,
  MEMORY,
  openWatchedBlock,
  PAGE,
  PRESENT,
} from "./testing/watched_block.ts";

test("readPageInto() zeroes a dirty target for a zero page, without a read", async () => {
  const { source, block } = await openWatchedBlock();
  for (const page of [0, 3, 5, 6]) {
    const target = new Uint8Array(PAGE).fill(0xa5);
    assert.equal(await block.readPageInto(target, page), false);
    assert(target.every((byte) => byte === 0));
    assert.equal(block.readPageIntoSync(target.fill(0xa5), page), false);
    assert(target.every((byte) => byte === 0));
  }
  assert.equal(source.ranges.length, 0);
});

test("readPageInto() reads a page by one read of its place", async () => {
  const { source, block } = await openWatchedBlock();
  const target = new Uint8Array(PAGE).fill(0xa5);
  for (const page of PRESENT) {
    assert.equal(await block.readPageInto(target, page), true);
    const expected = MEMORY.slice(page * PAGE, (page + 1) * PAGE);
    assert.deepEqual(target, expected);
    assert.equal(block.readPageIntoSync(target.fill(0xa5), page), true);
    assert.deepEqual(target, expected);
    const range = { offset: block.pagesOffset + page * PAGE, length: PAGE };
    assert.deepEqual(source.ranges.splice(0), [range, range]);
  }
});

test("readRange() agrees with memory for every bound around every run", async () => {
  const { block } = await openWatchedBlock();
  const bounds = [0, 1, PAGE - 1];
  for (let page = 1; page <= 12; page++) {
    bounds.push(page * PAGE - 1, page * PAGE, page * PAGE + 1);
  }
  bounds.pop(); // past the last byte
  for (const offset of bounds) {
    for (const end of bounds) {
      if (end < offset) continue;
      const target = new Uint8Array(end - offset).fill(0xa5);
      block.readIntoSync(target, offset);
      assert.equal(Buffer.compare(target, MEMORY.subarray(offset, end)), 0);
    }
  }
  const range = { offset: PAGE - 7, length: 7 * PAGE };
  const expected = MEMORY.slice(PAGE - 7, 8 * PAGE - 7);
  assert.deepEqual(await block.readRange(range), expected);
  assert.deepEqual(block.readRangeSync(range), expected);
});

test("readInto() makes one read per run", async () => {
  const { source, block } = await openWatchedBlock();
  await block.readInto(new Uint8Array(12 * PAGE - 10), 5);
  const at = block.pagesOffset;
  assert.deepEqual(source.ranges, [
    { offset: at + PAGE, length: 2 * PAGE },
    { offset: at + 4 * PAGE, length: PAGE },
    { offset: at + 7 * PAGE, length: 5 * PAGE - 5 },
  ]);
});

test("concurrent reads do not disturb each other", async () => {
  const source = new WatchedSource(FILE);
  const block = (await openSnapshot(source)).block("ram");
  await Promise.all(Array.from({ length: 60 }, async (_, index) => {
    const page = index % 12;
    const target = new Uint8Array(PAGE).fill(0xa5);
    const present = await block.readPageInto(target, page);
    assert.equal(present, PRESENT.includes(page));
    const start = page * PAGE;
    assert.equal(
      Buffer.compare(target, MEMORY.subarray(start, start + PAGE)),
      0,
    );
    assert.equal(
      Buffer.compare(
        await block.readRange({ offset: 0, length: 12 * PAGE }),
        MEMORY,
      ),
      0,
    );
  }));
});

test("every read refuses what is outside the block, and changes nothing", async () => {
  const { source, block } = await openWatchedBlock();
  const page = new Uint8Array(PAGE).fill(0xa5);
  for (const index of [-1, 12, 0.5, NaN, Infinity]) {
    await assert.rejects(block.hasPage(index), RangeError);
    await assert.rejects(block.readPage(index), RangeError);
    await assert.rejects(block.readPageInto(page, index), RangeError);
    await assert.rejects(block.pageRange(index), RangeError);
    assert.throws(() => block.hasPageSync(index), RangeError);
    assert.throws(() => block.readPageSync(index), RangeError);
  }
  for (const length of [0, PAGE - 1, PAGE + 1]) {
    const target = new Uint8Array(length);
    await assert.rejects(block.readPageInto(target, 0), RangeError);
    assert.throws(() => block.readPageIntoSync(target, 0), RangeError);
  }
  for (const [offset, length] of [[-1, 1], [12 * PAGE, 1], [1, 12 * PAGE]]) {
    await assert.rejects(block.readRange({ offset, length }), RangeError);
    assert.throws(() => block.readRangeSync({ offset, length }), RangeError);
  }
  for (const length of [-1, 1.5, NaN, 2 ** 60]) {
    await assert.rejects(block.readRange({ offset: 0, length }), RangeError);
  }
  assert.equal(source.ranges.length, 0);
  assert(page.every((byte) => byte === 0xa5));
});

test("reads reject with the signal's reason", async () => {
  const reason = new Error("enough");
  const options = { signal: AbortSignal.abort(reason) };
  const block = (await openSnapshot(new WatchedSource(FILE))).block("ram");
  await assert.rejects(block.readPage(1, options), reason);
  await assert.rejects(
    block.readInto(new Uint8Array(PAGE), 0, options),
    reason,
  );
  await assert.rejects(openSnapshot(new WatchedSource(FILE), options), reason);
});

test("a block is a source: a snapshot in it can be opened", async () => {
  const inner = await savedFile({ inner: MEMORY });
  const padded = new Uint8Array(Math.ceil(inner.length / PAGE) * PAGE);
  padded.set(inner);
  const outer = new WatchedSource(await savedFile({ nested: padded }));
  const nested = (await openSnapshot(outer)).block("nested");
  assert.equal(nested.name, "watched#nested");
  const block = (await openSnapshot(nested)).block("inner");
  assert.equal(
    Buffer.compare(
      await block.readRange({ offset: 0, length: MEMORY.length }),
      MEMORY,
    ),
    0,
  );
});

test("only a source that reads in parallel learns what else is wanted", async () => {
  for (const parallelReads of [undefined, 1, 2]) {
    const options: (SourceReadOptions | undefined)[] = [];
    const memory = memorySource(FILE);
    const source: ByteSource = {
      name: "source",
      byteLength: memory.byteLength,
      parallelReads,
      readInto(target, offset, given) {
        options.push(given);
        return memory.readInto(target, offset);
      },
    };
    const block = (await openSnapshot(source)).block("ram");
    const { offset } = await block.pageRange(1) ?? {};
    assert.equal(offset, block.pagesOffset + PAGE);
    await block.readPage(1);
    assert.equal(
      options.at(-1)?.wantedUntil,
      parallelReads === 2 ? block.pagesOffset + 3 * PAGE : undefined,
    );
  }
});

test("an error about an argument quotes the block and states what is expected", async () => {
  const source = { ...memorySource(FILE), name: 'a "b"\n' };
  const memory = memorySource(FILE);
  const block = (await openSnapshot({
    ...source,
    readInto: (target, offset) => memory.readInto(target, offset),
  })).block("ram");
  const name = String.raw`"a \"b\"\n#ram"`;
  for (
    const [read, message] of [
      [
        () => block.readPage(12),
        `Cannot read page 12 of ${name}: expected a page from 0 to 11`,
      ],
      [
        () => block.readRange({ offset: 12 * PAGE, length: 1 }),
        `Cannot read 1 bytes at ${12 * PAGE} of ${name}: expected a range of ` +
        `its bytes 0 to ${12 * PAGE}`,
      ],
      [
        () => block.presentRuns({ first: 3, end: 2 }).next(),
        `Cannot list pages 3 to 2 of ${name}: expected a first page and an ` +
        "end from 0 to 12, in this order",
      ],
    ] as const
  ) {
    await assert.rejects(read, { name: "RangeError", message });
  }
});
