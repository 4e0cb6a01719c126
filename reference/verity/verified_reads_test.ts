import assert from "node:assert/strict";
import { test } from "node:test";
import { randomNumbers } from "../../format/testing/random_numbers.ts";
import {
  type ByteSource,
  IntegrityError,
  memorySource,
} from "../sources/mod.ts";
import { LentBuffers } from "../testing/lent_buffers.ts";
import { finish } from "../testing/run_unruly.ts";
import { UnrulySource } from "../testing/unruly_source.ts";
import { WatchedSource } from "../testing/watched_source.ts";
import { verifiedSource, verifiedSourceSync } from "./mod.ts";
import {
  open,
  openSync,
  sealed,
  type SealedFile,
  WAYS,
} from "./testing/verified_ways.ts";

const BLOCK = 4096;
const DIRTY = 0xee;

/** Returns a file of bytes other than zero and dirt. */
function fileOf(length: number): SealedFile {
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length; at++) bytes[at] = 1 + (at + (at >> 12)) % 199;
  return sealed(bytes);
}

test("reads of any bounds return the bytes, or nothing of a wrong block", async () => {
  const file = fileOf(2 * 0x40000 + 10_000);
  const right = file.bytes.slice();
  const random = randomNumbers(7);
  const edges = [0, BLOCK, 0x40000, 2 * 0x40000, right.length];
  const near = () => {
    const at = edges[random(edges.length)] + random(7) - 3;
    return Math.max(0, Math.min(right.length, at));
  };
  for (const way of Object.keys(WAYS)) {
    for (let count = 0; count < 60; count++) {
      const [start, end] = [near(), near()].toSorted((a, b) => a - b);
      const wrong = count % 2 === 0 ? undefined : random(right.length);
      if (wrong !== undefined) file.bytes[wrong] ^= 0x80;
      const read = await WAYS[way](file);
      const target = new Uint8Array(end - start).fill(DIRTY);
      const isRead = await read(target, start).then(() => true, (error) => {
        assert(error instanceof IntegrityError, String(error));
        return false;
      });
      const what = `${start} to ${end}, ${wrong} is wrong, ${way}`;
      const isTouched = wrong !== undefined && start < end &&
        Math.floor(start / BLOCK) <= Math.floor(wrong / BLOCK) &&
        wrong < Math.ceil(end / BLOCK) * BLOCK;
      if (isTouched) assert(!isRead, what);
      if (isRead) assert.deepEqual(target, right.subarray(start, end), what);
      else if (way === "with the cache outside") {
        for (const [at, byte] of target.entries()) {
          assert(byte === DIRTY || byte === right[start + at], what);
        }
      } else assert(target.every((byte) => byte === 0), what);
      if (wrong !== undefined) file.bytes[wrong] ^= 0x80;
    }
  }
});

test("a file that changes between two reads is found each time", async () => {
  const file = fileOf(200 * BLOCK);
  const right = file.bytes.slice();
  const target = new Uint8Array(BLOCK);
  const readers = [WAYS["synchronously"], WAYS["asynchronously"]];
  for (const read of await Promise.all(readers.map((it) => it(file)))) {
    for (const block of [0, 150, 199]) {
      await read(target, block * BLOCK);
      file.bytes[block * BLOCK + 9] ^= 1;
      // A retry does not get it either.
      for (let retry = 0; retry < 2; retry++) {
        await assert.rejects(read(target, block * BLOCK), IntegrityError);
        assert(target.every((byte) => byte === 0));
      }
      file.bytes[block * BLOCK + 9] ^= 1;
      await read(target, block * BLOCK);
      const expected = right.subarray(block * BLOCK, (block + 1) * BLOCK);
      assert.deepEqual(target, expected);
    }
  }
});

test("a sidecar that changes is found when its blocks are read again", () => {
  const file = fileOf(300 * BLOCK);
  const source = openSync(file, { maxBytes: BLOCK });
  const read = (block: number) =>
    source.readIntoSync(new Uint8Array(BLOCK), block * BLOCK);
  read(0);
  file.sidecar[2 * BLOCK] ^= 1;
  read(1); // its hash is kept
  read(200); // evicts it
  assert.throws(() => read(1), { rule: "verity-tree" });
  file.sidecar[2 * BLOCK] ^= 1;
  read(1);
});

test("what is handed over is the copy that was checked", async () => {
  const file = fileOf(3 * BLOCK);
  const right = file.bytes.slice();
  // Every byte of the file changes as soon as it has been read once.
  const memory = memorySource(file.bytes);
  const source: ByteSource = {
    name: "changing",
    byteLength: file.bytes.length,
    async readInto(target, offset) {
      await memory.readInto(target, offset);
      file.bytes.fill(DIRTY, offset, offset + target.length);
    },
  };
  const checked = await open(file, source);
  const target = new Uint8Array(2 * BLOCK);
  await checked.readInto(target, 100);
  assert.deepEqual(target, right.subarray(100, 100 + target.length));
  await assert.rejects(checked.readInto(target, 100), IntegrityError);
});

test("kept hashes are bounded, and evicted ones are read again", () => {
  const file = fileOf(128 * 128 * BLOCK);
  const tree = new WatchedSource(file.sidecar);
  const source = verifiedSourceSync(memorySource(file.bytes), {
    tree,
    digest: file.digest,
    maxBytes: 4 * BLOCK,
  });
  const readsOf = (blocks: readonly number[]) => {
    const before = tree.ranges.length;
    for (const block of blocks) {
      source.readIntoSync(new Uint8Array(10), block * 128 * BLOCK);
    }
    return tree.ranges.length - before;
  };
  // One read for each leaf block; the level above is kept.
  assert.equal(readsOf([0]), 2);
  assert.equal(readsOf([1, 2, 0, 1, 2]), 2);
  const all = Array.from({ length: 128 }, (_, block) => block);
  assert(readsOf(all) >= 125);
  // Only the last ones are kept.
  assert.equal(readsOf([126, 127]), 0);
  assert(readsOf([0]) > 0);
});

test("concurrent reads with few kept hashes agree", async () => {
  const file = fileOf(700 * BLOCK);
  const random = randomNumbers(11);
  const data = new UnrulySource(file.bytes, random, { failing: 0 });
  const tree = new UnrulySource(file.sidecar, random, { failing: 0 });
  const opening = verifiedSource(data, {
    tree,
    digest: file.digest,
    maxBytes: BLOCK,
  });
  await finish(tree, opening);
  const source = await opening;
  let ended = 0;
  const reads = Array.from({ length: 200 }, async () => {
    const start = random(file.bytes.length - 10_000);
    const target = new Uint8Array(1 + random(9000));
    await source.readInto(target, start);
    const expected = file.bytes.subarray(start, start + target.length);
    assert.deepEqual(target, expected);
    ended++;
  });
  const all = Promise.all(reads);
  while (ended < reads.length) {
    data.step();
    tree.step();
    await Promise.resolve();
  }
  await all;
});

test("no buffer is written after its read failed or was aborted", async () => {
  const file = fileOf(600 * BLOCK);
  const random = randomNumbers(13);
  const data = new UnrulySource(file.bytes, random, { failing: 30 });
  const checked = await open(file, data);
  const buffers = new LentBuffers();
  let ended = 0;
  const reads = Array.from({ length: 200 }, async (_, index) => {
    const controller = new AbortController();
    const { signal } = controller;
    const start = random(400 * BLOCK);
    const length = 1 + random(index % 10 === 0 ? 0x80000 : 20_000);
    const expected = file.bytes.subarray(start, start + length);
    const lent = buffers.lend(
      expected,
      `read ${index}`,
      (target) => checked.readInto(target, start, { signal }),
    );
    for (let turn = 0; turn < random(300); turn++) await Promise.resolve();
    if (index % 2 === 0) controller.abort(new Error("enough"));
    await lent;
    ended++;
  });
  const all = Promise.all(reads);
  while (ended < reads.length) {
    data.step();
    await new Promise((resolve) => setTimeout(resolve));
  }
  await all;
  buffers.check();
});

test("a remote source is asked for long reads at once, and for hashes early", async () => {
  const file = fileOf(2000 * BLOCK + 10);
  const data = new WatchedSource(file.bytes);
  const tree = new WatchedSource(file.sidecar);
  const source = await verifiedSource({
    name: "remote",
    byteLength: data.byteLength,
    parallelReads: 4,
    readInto: (...read) => data.readInto(...read),
    async streamRanges(ranges, take) {
      for (const [index, { offset, length }] of ranges.entries()) {
        for (let at = offset; at < offset + length; at += BLOCK) {
          const bytes = file.bytes.slice(
            at,
            Math.min(at + BLOCK, offset + length),
          );
          await take(bytes, { offset: at, index });
        }
      }
    },
  }, {
    tree: {
      name: "sidecar",
      byteLength: tree.byteLength,
      parallelReads: 4,
      readInto: (...read) => tree.readInto(...read),
    },
    digest: file.digest,
  });
  const opening = tree.ranges.length;
  // Above the blocks of the tree there is only the root.
  const take = () => Promise.resolve();
  await source.streamRanges?.([
    { offset: 5 * BLOCK, length: 500 * BLOCK },
    { offset: 700 * BLOCK, length: 300 * BLOCK },
  ], take);
  assert.equal(tree.ranges.length, opening + 2);
  const target = new Uint8Array(1000 * BLOCK);
  await source.readInto(target, 10 * BLOCK);
  assert.deepEqual(data.ranges.length, 1);
  assert.deepEqual(target, file.bytes.subarray(10 * BLOCK, 1010 * BLOCK));
  // The blocks that are read in part are read by themselves.
  await source.readInto(target, 10 * BLOCK + 1);
  assert.deepEqual(data.ranges.slice(1).map(({ length }) => length / BLOCK), [
    ...[1, 999, 1],
  ]);
});
