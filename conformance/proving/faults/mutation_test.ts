import assert from "node:assert/strict";
import { test } from "node:test";
import { memorySource, openSnapshotSync } from "../../../mod.ts";
import { listVectors } from "../../vectors/list_vectors.ts";
import { randomNumbers } from "./random_numbers.ts";
import { openOrRefuse, verifyAnything } from "./read_plainly.ts";
import { richFile } from "./rich_file.ts";

const MILLISECONDS = 3000;
const ROUNDS_MIN = 100;
const LENGTH_MAX = 6_000_000;

/** A file to be mutated, and the ranges to mutate: structure, not pages. */
interface Seed {
  readonly path: string;
  readonly bytes: Uint8Array;
  readonly places: readonly (readonly [number, number])[];
}

function seedOf(path: string, bytes: Uint8Array): Seed {
  const { index } = openSnapshotSync(memorySource(bytes));
  const listEnd = index.ramSetup.offset + index.ramSetup.length - 8;
  return {
    path,
    bytes,
    places: [
      [index.streamOffset, index.ramSetup.offset + 8],
      ...index.blocks.map(({ entry }) =>
        [entry.offset, entry.offset + entry.length + 16] as const
      ),
      [listEnd, Math.min(bytes.length, listEnd + 400)],
      [listEnd, bytes.length],
    ],
  };
}

function loadSeeds(): Seed[] {
  const seeds = [seedOf("rich", richFile().bytes)];
  for (const { path, expected, unpack } of listVectors()) {
    if (path.startsWith("invalid/") || expected.error !== undefined) continue;
    if (expected.options !== undefined) continue;
    const bytes = unpack();
    if (bytes.length <= LENGTH_MAX) seeds.push(seedOf(path, bytes));
  }
  return seeds;
}

const EDGES = [0, 1, 2, 4, 5, 6, 7, 8, 0x10, 0x7e, 0x7f, 0x80, 0xfe, 0xff];

/** Changes a few bytes; returns a function that restores them. */
function mutate(seed: Seed, random: (limit: number) => number): () => void {
  const { bytes, places } = seed;
  const before: [number, Uint8Array][] = [];
  for (let count = 1 + random(4); count > 0; count--) {
    const [start, end] = places[random(places.length)];
    const at = start + random(Math.max(1, end - start));
    const length = Math.min(bytes.length - at, [1, 1, 2, 4, 8, 40][random(6)]);
    if (length <= 0) continue;
    before.push([at, bytes.slice(at, at + length)]);
    const kind = random(4);
    const from = random(bytes.length - length);
    for (let index = at; index < at + length; index++) {
      if (kind === 0) bytes[index] = random(256);
      else if (kind === 1) bytes[index] = EDGES[random(EDGES.length)];
      else if (kind === 2) bytes[index] ^= 1 << random(8);
      else bytes[index] = bytes[from + index - at];
    }
  }
  return () => {
    for (const [at, old] of before.toReversed()) bytes.set(old, at);
  };
}

test(
  "openSnapshot() and verifySnapshot() throw only expected errors for any mutation",
  {
    timeout: 300_000,
  },
  async () => {
    const seeds = loadSeeds();
    const start = performance.now();
    let round = 0;
    const isEnough = () =>
      round >= ROUNDS_MIN && performance.now() - start >= MILLISECONDS;
    for (; !isEnough(); round++) {
      const random = randomNumbers(round + 1);
      const seed = seeds[random(seeds.length)];
      const restore = mutate(seed, random);
      const { length } = seed.bytes;
      const cut = random(4) === 0
        ? length - random(Math.min(length, 2000))
        : length;
      const bytes = seed.bytes.subarray(0, cut);
      try {
        const snapshot = openOrRefuse(bytes);
        for (const block of snapshot?.blocks ?? []) {
          if (block.ignored || block.pageCount === 0) continue;
          const page = block.readPageSync(random(block.pageCount));
          assert.equal(page.length, block.pageSize);
        }
        const good = await verifyAnything(bytes);
        assert(!good || snapshot !== undefined);
      } catch (cause) {
        throw new Error(`Round ${round}, ${seed.path}`, { cause });
      } finally {
        restore();
      }
    }
  },
);
