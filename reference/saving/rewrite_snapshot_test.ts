import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import {
  type OpenOptions,
  openSnapshotSync,
  verifySnapshot,
} from "../reading/mod.ts";
import { openFileStore } from "../sinks/mod.ts";
import { memorySource } from "../sources/mod.ts";
import { savedFile, testMemory } from "../testing/saved_file.ts";
import { ScratchFolder } from "../testing/scratch_folder.ts";
import { WatchedStore } from "../testing/watched_store.ts";
import { rewriteSnapshot } from "./rewrite_snapshot.ts";

const PAGE = 4096;
const MEMORY = testMemory(100, [1, 2, 3, 64, 99]);
const ROM = testMemory(4, [0]);
const FILE = await savedFile({ ram: MEMORY, rom: ROM });

const page = (value: number) => new Uint8Array(PAGE).fill(value);

function memoryOf(bytes: Uint8Array, idstr = "ram", options: OpenOptions = {}) {
  const block = openSnapshotSync(memorySource(bytes), options).block(idstr);
  return block.readRangeSync({ offset: 0, length: block.usedLength });
}

/** Returns the memory with some pages replaced. */
function changed(pages: Record<number, number>): Uint8Array {
  const memory = MEMORY.slice();
  for (const [index, value] of Object.entries(pages)) {
    memory.set(page(value), Number(index) * PAGE);
  }
  return memory;
}

test("rewriteSnapshot() changes pages in place and nothing else", async () => {
  using scratch = new ScratchFolder();
  const path = scratch.file("a");
  writeFileSync(path, FILE);
  {
    using store = openFileStore(path);
    const rewriter = await rewriteSnapshot(store);
    const block = rewriter.block("ram");
    await block.writePage(1, page(7)); // present
    await block.writePage(5, page(8)); // zero so far
    await block.writePage(99, page(0)); // zero from now on
    await block.writePage(6, page(9));
    await block.writePage(6, page(0)); // zero again
    await rewriter.finish();
  }
  const bytes = new Uint8Array(readFileSync(path));
  assert.equal(bytes.length, FILE.length);
  assert.deepEqual(memoryOf(bytes), changed({ 1: 7, 5: 8, 99: 0 }));
  assert.deepEqual(memoryOf(bytes, "rom"), ROM);
  assert.deepEqual((await verifySnapshot(memorySource(bytes))).findings, []);
});

test("finish() writes bitmaps of changed blocks after a flush of pages", async () => {
  const store = new WatchedStore(FILE.slice());
  const rewriter = await rewriteSnapshot(store);
  await rewriter.block("rom").writePage(1, page(1));
  const [ram, rom] = openSnapshotSync(memorySource(FILE)).blocks;
  await rewriter.finish();
  assert.equal(ram.pageCount, 100);
  assert.deepEqual(store.calls, [
    `write 0x${(rom.pagesOffset + PAGE).toString(16)} ${PAGE}`,
    "flush",
    `write 0x${rom.bitmapOffset.toString(16)} 8`,
    "flush",
  ]);
});

test("rewriteSnapshot() keeps the bit order of the host that wrote the file", async () => {
  for (const bitmapWordSize of [4, 8] as const) {
    // As on a big-endian host: with reversed words.
    const { bitmapOffset } = openSnapshotSync(memorySource(FILE)).block("ram");
    const bytes = FILE.slice();
    for (let at = 0; at < 16; at += bitmapWordSize) {
      const word = bitmapOffset + at;
      bytes.subarray(word, word + bitmapWordSize).reverse();
    }
    const options = { bitmapByteOrder: "big", bitmapWordSize } as const;
    assert.deepEqual(memoryOf(bytes, "ram", options), MEMORY);
    const store = new WatchedStore(bytes);
    const rewriter = await rewriteSnapshot(store, options);
    await rewriter.block("ram").writePage(50, page(5));
    await rewriter.block("ram").writePage(3, page(0));
    await rewriter.finish();
    assert.deepEqual(
      memoryOf(bytes, "ram", options),
      changed({ 50: 5, 3: 0 }),
    );
  }
});

test("writePage() retries when the bitmap could not be read", async () => {
  const store = new WatchedStore(FILE.slice());
  const rewriter = await rewriteSnapshot(store);
  const block = rewriter.block("ram");
  store.failing.add(store.ranges.length);
  await assert.rejects(block.writePage(5, page(8)), store.error);
  await block.writePage(5, page(8));
  await rewriter.finish();
  assert.deepEqual(memoryOf(store.bytes), changed({ 5: 8 }));
});

test("writePage() loads the bitmap once for concurrent writes", async () => {
  const store = new WatchedStore(FILE.slice());
  const rewriter = await rewriteSnapshot(store);
  const opening = store.ranges.length;
  const block = rewriter.block("ram");
  const indexes = [5, 6, 7, 8, 9];
  await Promise.all(indexes.map((index) => block.writePage(index, page(1))));
  assert.equal(store.ranges.length, opening + 1);
  await rewriter.finish();
  const pages = Object.fromEntries(indexes.map((index) => [index, 1]));
  assert.deepEqual(memoryOf(store.bytes), changed(pages));
});

test("a page whose write failed remains a zero page", async () => {
  const store = new WatchedStore(FILE.slice());
  const rewriter = await rewriteSnapshot(store);
  store.failingCall = 0;
  await assert.rejects(
    rewriter.block("ram").writePage(5, page(8)),
    store.error,
  );
  await rewriter.finish();
  assert.deepEqual(memoryOf(store.bytes), MEMORY);
});

test("rewriteSnapshot() changes nothing when nothing is written", async () => {
  const store = new WatchedStore(FILE.slice());
  await (await rewriteSnapshot(store)).finish();
  assert.deepEqual(store.calls, ["flush", "flush"]);
});

test("rewriteSnapshot() refuses invalid files, blocks and pages", async () => {
  const cut = new WatchedStore(FILE.slice(0, -400));
  await assert.rejects(rewriteSnapshot(cut), { name: "FormatError" });
  const rewriter = await rewriteSnapshot(new WatchedStore(FILE.slice()));
  assert.throws(() => rewriter.block("other"), RangeError);
  const block = rewriter.block("rom");
  await assert.rejects(block.writePage(4, page(1)), RangeError);
  await assert.rejects(block.writePage(0, page(1).subarray(1)), RangeError);
});

test("finish() punches holes for pages that became zero, after the bitmaps", async () => {
  const memory = testMemory(20, [1, 2, 3, 7]);
  const file = await savedFile({ ram: memory });
  const store = new WatchedStore(file);
  const holes: string[] = [];
  const punching = Object.assign(store, {
    punchHole(offset: number, length: number): Promise<void> {
      holes.push(`${store.calls.length}: ${offset - 0x100000} ${length}`);
      return Promise.resolve();
    },
  });
  const rewriter = await rewriteSnapshot(punching);
  const block = rewriter.block("ram");
  for (const page of [2, 3, 5]) {
    await block.writePage(page, new Uint8Array(4096));
  }
  await block.writePage(7, new Uint8Array(4096).fill(8));
  await rewriter.finish({ punchHoles: true });
  const calls = store.calls.map((call) => call.split(" ")[0]);
  assert.deepEqual(calls, ["write", "flush", "write", "flush", "flush"]);
  assert.deepEqual(holes, ["4: 8192 8192"]);
});

test("finish() writes zeros over pages that became zero, after the bitmaps", async () => {
  const memory = testMemory(600, Array.from({ length: 600 }, (_, at) => at));
  const file = await savedFile({ ram: memory });
  const { pagesOffset } = openSnapshotSync(memorySource(file)).block("ram");
  const store = new WatchedStore(file);
  const rewriter = await rewriteSnapshot(store);
  const block = rewriter.block("ram");
  for (let page = 10; page < 590; page++) {
    await block.writePage(page, new Uint8Array(PAGE));
  }
  await rewriter.finish();
  const at = (page: number) => pagesOffset + page * PAGE;
  assert(file.subarray(at(10), at(590)).every((byte) => byte === 0));
  for (const page of [9, 590]) {
    assert(file.subarray(at(page), at(page + 1)).some((byte) => byte !== 0));
  }
  const calls = store.calls.map((call) => call.split(" ")[0]);
  assert.deepEqual(
    calls,
    ["flush", "write", "flush", ...Array(10).fill("write"), "flush"],
  );
});

test("finish() refuses to punch holes without punchHole, and writes nothing", async () => {
  const file = await savedFile({ ram: testMemory(20, [1]) });
  const store = new WatchedStore(file);
  const rewriter = await rewriteSnapshot(store);
  await rewriter.block("ram").writePage(1, new Uint8Array(4096));
  await assert.rejects(rewriter.finish({ punchHoles: true }), {
    name: "RangeError",
    message: 'Cannot punch holes into "watched": its store has no punchHole, ' +
      "pass one when opening it",
  });
  assert.deepEqual(store.calls, []);
});
