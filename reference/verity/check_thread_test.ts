import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { IntegrityError } from "../sources/mod.ts";
import { sleep } from "../work/mod.ts";
import { BlockBatch } from "./block_batch.ts";
import { CheckThread } from "./check_thread.ts";

const BLOCK = 4096;
const LONG = 0x800000;

/** Waits until the thread takes tasks. */
async function ready(thread: CheckThread): Promise<void> {
  while (!thread.takes(LONG)) await sleep(10);
}

/** The leaf of blocks that all have the same hash. */
function leafOf(block: Uint8Array): Uint8Array {
  const hash = createHash("sha256").update(block).digest();
  const leaf = new Uint8Array(BLOCK);
  for (let at = 0; at < BLOCK; at += hash.length) leaf.set(hash, at);
  return leaf;
}

test("a CheckThread checks batches, and a wrong block is the same error", async () => {
  const thread = new CheckThread("file");
  const block = new Uint8Array(BLOCK).fill(7);
  const handed: number[] = [];
  const batch = new BlockBatch({
    thread,
    file: { name: "file", digest: "sha256:0" },
    leaves: () => ({ first: 0, blocks: [leafOf(block)] }),
    hand: (bytes, { first, index }) => {
      assert(bytes.every((byte) => byte === 7));
      handed.push(index, first, bytes.length / BLOCK);
      return Promise.resolve();
    },
  });
  await thread.during(async () => {
    await ready(thread);
    await batch.add(block, { first: 5, index: 1 });
    await batch.add(block, { first: 6, index: 1 });
    await batch.add(block, { first: 9, index: 2 });
    await batch.pass();
    assert.deepEqual(handed, [1, 5, 2, 2, 9, 1]);
    const wrong = block.slice();
    wrong[4000]++;
    await batch.add(block, { first: 1, index: 0 });
    await batch.add(wrong, { first: 2, index: 0 });
    await assert.rejects(batch.pass(), (error) => {
      assert(error instanceof IntegrityError);
      assert.equal(error.rule, "verity-data");
      assert.equal(error.offset, 2 * BLOCK);
      return true;
    });
    assert.equal(handed.length, 6);
  });
});

test("a CheckThread is used during streams only", async () => {
  const thread = new CheckThread("file");
  await thread.during(() => ready(thread));
  // It lingers for a moment, for the next stream.
  await thread.during(() => Promise.resolve(assert(thread.takes(0))));
  while (thread.takes(0)) await sleep(10);
  await thread.during(() => ready(thread));
});
