import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { test } from "node:test";
import { randomNumbers } from "../../format/testing/random_numbers.ts";
import { IntegrityError } from "../sources/mod.ts";
import {
  openSync,
  sealed,
  type SealedFile,
  WAYS,
} from "./testing/verified_ways.ts";

const BLOCK = 4096;
/** What is in a buffer before a read. */
const DIRTY = 0xee;
const LONG = { timeout: 120_000 };

/** Returns bytes without zeros and dirt, so that each tells where it is from. */
function numbered(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, at) => 1 + (at * 7 + (at >> 8)) % 199);
}

/** Reads blocks, each into a dirty buffer; returns those that are refused. */
async function refused(
  way: string,
  file: SealedFile,
  { right, blocks }: {
    readonly right: Uint8Array;
    readonly blocks: readonly number[];
  },
): Promise<number[]> {
  let read;
  try {
    read = await WAYS[way](file);
  } catch (error) {
    // The digest is checked first, so a changed descriptor is never believed.
    assert(error instanceof IntegrityError, String(error));
    return [...blocks];
  }
  const wrong: number[] = [];
  for (const block of blocks) {
    const expected = right.subarray(block * BLOCK, (block + 1) * BLOCK);
    const target = new Uint8Array(expected.length).fill(DIRTY);
    try {
      await read(target, block * BLOCK);
      assert(Buffer.compare(target, expected) === 0, `block ${block}`);
    } catch (error) {
      assert(error instanceof IntegrityError, String(error));
      wrong.push(block);
      // A cache outside does not touch the target of a failed read.
      const rest = way === "with the cache outside" ? DIRTY : 0;
      assert(target.every((byte) => byte === rest), `block ${block}`);
    }
  }
  return wrong;
}

/** Flips a bit of a byte while something is done. */
async function whileFlipped(
  bytes: Uint8Array,
  at: number,
  work: () => Promise<void>,
): Promise<void> {
  bytes[at] ^= 1 << at % 8;
  await work();
  bytes[at] ^= 1 << at % 8;
}

for (const way of Object.keys(WAYS)) {
  test(
    `flipped bytes of a small file and its sidecar are found (${way})`,
    LONG,
    async () => {
      const right = numbered(2 * BLOCK + 1000);
      const file = sealed(right.slice());
      const all = [0, 1, 2];
      const check = async (at: number, expected: readonly number[]) => {
        // Reading all blocks for each byte would take long.
        const read = at % 97 === 0 ? all : expected.slice(0, 1);
        const found = await refused(way, file, { right, blocks: read });
        const wrong = expected.filter((block) => read.includes(block));
        assert.deepEqual(found, wrong, `byte ${at}`);
      };
      assert.deepEqual(await refused(way, file, { right, blocks: all }), []);
      // In the cache outside, blocks 0 and 1 are one block.
      const together = way === "with the cache outside";
      // A cache is above or below what the other ways do.
      const step = way.includes("cache") ? 5 : 1;
      for (let at = 0; at < file.bytes.length; at += step) {
        const block = Math.floor(at / BLOCK);
        const expected = together && block < 2 ? [0, 1] : [block];
        await whileFlipped(file.bytes, at, () => check(at, expected));
      }
      for (let at = 0; at < file.sidecar.length; at += step) {
        await whileFlipped(file.sidecar, at, () => check(at, all));
      }
    },
  );
}

test(
  "each flipped byte of a sparse file of two levels is found",
  LONG,
  async () => {
    const last = 129;
    const right = new Uint8Array(last * BLOCK + 100);
    right.set(numbered(BLOCK));
    right.set(numbered(100), last * BLOCK);
    const file = sealed(right.slice());
    assert.equal(file.sidecar.length, 4 * BLOCK);
    const blocks = [0, 64, last];
    const check = async (expected: readonly number[], what: string) => {
      const found = await refused("synchronously", file, { right, blocks });
      assert.deepEqual(found, expected, what);
    };
    await check([], "nothing");
    for (const block of blocks) {
      const end = Math.min(right.length, (block + 1) * BLOCK);
      for (let at = block * BLOCK; at < end; at += 7) {
        await whileFlipped(file.bytes, at, () => check([block], `byte ${at}`));
      }
    }
    // The descriptor, level 2, and the two blocks of level 1.
    const below = [blocks, blocks, [0, 64], [last]];
    for (let at = 0; at < file.sidecar.length; at += 3) {
      const expected = below[Math.floor(at / BLOCK)];
      const what = `byte ${at} of the sidecar`;
      await whileFlipped(file.sidecar, at, () => check(expected, what));
    }
  },
);

test("10,000 random flips of a file of three levels are found", LONG, () => {
  const random = randomNumbers(19);
  const count = 128 * 128 + 77;
  const bytes = new Uint8Array(count * BLOCK - 5);
  const words = new Uint32Array(bytes.buffer, 0, count * 1024 - 2);
  // Half of the blocks are zero.
  for (let at = 0; at < words.length; at++) {
    if ((at >> 10) % 2 === 0) words[at] = at * 2654435761;
  }
  const file = sealed(bytes);
  const { sidecar } = file;
  const target = new Uint8Array(BLOCK);
  for (let flip = 0; flip < 10_000; flip++) {
    const isTree = flip % 2 === 0;
    const changed = isTree ? sidecar : bytes;
    const at = random(changed.length);
    const block = isTree
      ? blockBelow(Math.floor(at / BLOCK), count)
      : Math.floor(at / BLOCK);
    const length = Math.min(BLOCK, bytes.length - block * BLOCK);
    const part = target.subarray(0, length).fill(DIRTY);
    changed[at] ^= 1 << flip % 8;
    assert.throws(
      () => openSync(file).readIntoSync(part, block * BLOCK),
      IntegrityError,
      `byte ${at} of the ${isTree ? "sidecar" : "file"}`,
    );
    changed[at] ^= 1 << flip % 8;
    if (flip % 10 === 0) openSync(file).readIntoSync(part, block * BLOCK);
  }
});

/** Returns a data block whose path includes a block of a sidecar. */
function blockBelow(sidecarBlock: number, count: number): number {
  const level2 = Math.ceil(count / 128 / 128);
  if (sidecarBlock < 2) return 0; // the descriptor, level 3
  const index = sidecarBlock - 2;
  return index < level2 ? index * 128 * 128 : (index - level2) * 128;
}
