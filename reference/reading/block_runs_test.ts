import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { test } from "node:test";
import { memorySource } from "../sources/mod.ts";
import { savedFile, testMemory } from "../testing/saved_file.ts";
import { openSnapshot } from "./open_snapshot.ts";
import type { RAMBlock } from "./ram_block.ts";

const PAGE = 4096;
/** Pages 1, 2, 4 and 7 to 11 of 12. */
const MEMORY = testMemory(12, [1, 2, 4, 7, 8, 9, 10, 11]);
const FILE = await savedFile({ ram: MEMORY });

async function open(): Promise<{ block: RAMBlock }> {
  return { block: (await openSnapshot(memorySource(FILE))).block("ram") };
}

test("readRunsInto() reads runs one after the other, zeros for absent pages", async () => {
  const { block } = await open();
  const runs = [{ first: 7, end: 9 }, { first: 2, end: 5 }, {
    first: 0,
    end: 1,
  }];
  const target = new Uint8Array(7 * PAGE).fill(0xa5);
  await block.readRunsInto(target, runs);
  const expected = new Uint8Array(7 * PAGE).fill(0xa5);
  expected.set(MEMORY.subarray(7 * PAGE, 9 * PAGE));
  expected.set(MEMORY.subarray(2 * PAGE, 5 * PAGE), 2 * PAGE);
  expected.set(MEMORY.subarray(0, PAGE), 5 * PAGE);
  assert.equal(Buffer.compare(target, expected), 0);
  for (const [first, end] of [[0, 8], [5, 3], [11, 13], [-1, 1]]) {
    await assert.rejects(
      block.readRunsInto(target, [{ first, end }]),
      RangeError,
    );
  }
});

test("streamRuns() passes on runs in order, and refuses absent pages", async () => {
  const { block } = await open();
  const runs = [{ first: 7, end: 9 }, { first: 1, end: 3 }];
  const expected = runs.map(({ first, end }) => ({
    offset: first * PAGE,
    bytes: MEMORY.slice(first * PAGE, end * PAGE),
  }));
  const taken: { offset: number; bytes: Uint8Array }[] = [];
  await block.streamRuns(runs, async (bytes, { offset }) => {
    await Promise.resolve();
    taken.push({ offset, bytes: bytes.slice() });
  });
  assert.deepEqual(taken, expected);
  for (const [first, end] of [[0, 1], [1, 4], [3, 3], [5, 3], [11, 13]]) {
    const take = () => assert.fail("take() was called");
    await assert.rejects(
      block.streamRuns([runs[0], { first, end }], take),
      RangeError,
    );
  }
});
