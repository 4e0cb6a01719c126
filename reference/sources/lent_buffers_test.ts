import assert from "node:assert/strict";
import { test } from "node:test";
import type { PageRun } from "../../format/bitmap/mod.ts";
import { randomNumbers } from "../../format/testing/random_numbers.ts";
import { AddressSpace } from "../convert/mod.ts";
import { openHttpSource } from "../http/mod.ts";
import { openSnapshot } from "../reading/mod.ts";
import { sliceSource } from "./slice_source.ts";
import { openSequential } from "../sequential/mod.ts";
import { LentBuffers } from "../testing/lent_buffers.ts";
import { finish, opened, type Unruly } from "../testing/run_unruly.ts";
import { savedFile, testMemory } from "../testing/saved_file.ts";
import { SequentialGuest } from "../testing/sequential_guest.ts";
import { UnrulyFetch } from "../testing/unruly_fetch.ts";
import { type Random, UnrulySource } from "../testing/unruly_source.ts";
import type { ByteSource } from "./byte_source.ts";
import { cachedSource } from "./cached_source.ts";
import { readRanges } from "./read_ranges.ts";

const PAGE = 4096;
const SEEDS = 25;
const MEMORY = testMemory(
  24,
  [...Array(24).keys()].filter((page) => page % 5 !== 3),
);
const FILE = await savedFile({ ram: MEMORY });

/** Context of reads. */
interface Reading {
  readonly unruly: Unruly;
  readonly random: Random;
  readonly buffers: LentBuffers;
  readonly name: string;
}

/** Makes many concurrent reads of a source, aborts some, checks the others. */
async function readMuch(
  source: ByteSource,
  expected: Uint8Array,
  { unruly, random, buffers, name }: Reading,
): Promise<void> {
  const controllers: AbortController[] = [];
  const reads = Array.from({ length: 16 }, (_, index) => {
    const controller = new AbortController();
    controllers.push(controller);
    const offset = random(expected.length);
    const length = Math.min(1 + random(3 * PAGE), expected.length - offset);
    const options = {
      signal: controller.signal,
      background: random(4) === 0,
      wantedUntil: offset + length + random(4 * PAGE),
    };
    return buffers.lend(
      expected.slice(offset, offset + length),
      `${name}, read ${index}`,
      (target) => {
        if (random(2) === 0) return source.readInto(target, offset, options);
        const cut = random(length);
        const ranges = [
          { offset: offset + cut, length: length - cut },
          { offset, length: cut },
        ];
        return readRanges(source, ranges, {
          ...options,
          async take(bytes, { offset: at }) {
            await Promise.resolve();
            target.set(bytes, at - offset);
          },
        });
      },
    );
  });
  await finish(unruly, Promise.all(reads), () => {
    if (random(12) === 0) controllers[random(16)].abort(new Error("enough"));
  });
  buffers.check();
}

/** Runs a test with random numbers from many seeds. */
async function forSeeds(
  body: (
    random: Random,
    buffers: LentBuffers,
    name: string,
  ) => Promise<void>,
): Promise<void> {
  const buffers = new LentBuffers();
  for (let seed = 1; seed <= SEEDS; seed++) {
    await body(randomNumbers(seed), buffers, `seed ${seed}`);
  }
  buffers.check();
  assert(buffers.filled > 50, `${buffers.filled} reads filled their buffer`);
  assert(buffers.failed > 50, `${buffers.failed} reads failed`);
}

const CACHE = { blockSize: 1024, maxBytes: 8192, maxRequestBytes: 4096 };

/** Wrappers of a source, and their content if it contains `MEMORY`. */
const WRAPPERS: Readonly<
  Record<string, (source: ByteSource) => [ByteSource, Uint8Array]>
> = {
  "the double itself": (source) => [source, MEMORY],
  "cachedSource()": (source) => [cachedSource(source, CACHE), MEMORY],
  "cachedSource() over another": (source) => [
    cachedSource(cachedSource(source, CACHE), { ...CACHE, blockSize: 512 }),
    MEMORY,
  ],
  "sliceSource()": (source) => [
    sliceSource(source, { offset: 100, length: 5 * PAGE }),
    MEMORY.slice(100, 100 + 5 * PAGE),
  ],
  "AddressSpace": (source) => [
    new AddressSpace(source, [
      { address: 0, length: PAGE, position: 2 * PAGE },
      { address: 2 * PAGE, length: 2 * PAGE, position: 4 * PAGE },
    ]),
    new Uint8Array([
      ...MEMORY.subarray(2 * PAGE, 3 * PAGE),
      ...new Uint8Array(PAGE),
      ...MEMORY.subarray(4 * PAGE, 6 * PAGE),
    ]),
  ],
};

for (const [name, wrap] of Object.entries(WRAPPERS)) {
  test(`no buffer is written after its read has settled: ${name}`, () =>
    forSeeds(async (random, buffers, seed) => {
      const unruly = new UnrulySource(MEMORY, random);
      const [source, expected] = wrap(unruly);
      const context = { unruly, random, buffers, name: `${name}, ${seed}` };
      await readMuch(source, expected, context);
    }));
}

function openedUrl(unruly: UnrulyFetch): Promise<ByteSource> {
  return opened(
    unruly,
    openHttpSource("http://example.com/vm.mr", {
      fetch: unruly.fetch,
      retries: 1,
      retryDelay: 0,
    }),
  );
}

test("no buffer is written after its read has settled: a source over a URL", () =>
  forSeeds(async (random, buffers, name) => {
    const unruly = new UnrulyFetch(MEMORY, random);
    const source = await openedUrl(unruly);
    const context = { unruly, random, buffers, name };
    await readMuch(source, MEMORY, context);
    await readMuch(cachedSource(source, CACHE), MEMORY, context);
  }));

/** Makes many reads of the file's RAMBlock, some of them of runs of pages. */
async function readBlock(
  source: ByteSource,
  { unruly, random, buffers, name }: Reading,
): Promise<void> {
  const snapshot = await opened(
    unruly,
    openSnapshot(cachedSource(source, CACHE)),
  );
  const block = snapshot.block("ram");
  await readMuch(block, MEMORY, { unruly, random, buffers, name });
  const pages = Array.from({ length: 8 }, (_, page) =>
    buffers.lend(
      MEMORY.slice(page * PAGE, (page + 1) * PAGE),
      `${name}, page ${page}`,
      (target) => block.readPageInto(target, page),
    ));
  // The second run overlaps the first.
  const runs: PageRun[] = [
    { first: 9, end: 12 },
    { first: 10, end: 16 },
    { first: 2, end: 5 },
  ];
  const several = buffers.lend(
    new Uint8Array(runs.flatMap(({ first, end }) => [
      ...MEMORY.subarray(first * PAGE, end * PAGE),
    ])),
    `${name}, runs`,
    (target) => block.readRunsInto(target, runs),
  );
  await finish(unruly, Promise.all([...pages, several]));
  buffers.check();
}

test("no buffer is written after its read has settled: RAMBlock", () =>
  forSeeds(async (random, buffers, name) => {
    const unruly = new UnrulySource(FILE, random);
    await readBlock(unruly, { unruly, random, buffers, name });
  }));

test("no buffer is written after its read has settled: RAMBlock over a URL", () =>
  forSeeds(async (random, buffers, name) => {
    const unruly = new UnrulyFetch(FILE, random);
    const source = await openedUrl(unruly);
    await readBlock(source, { unruly, random, buffers, name });
  }));

test("no buffer is written after its read has settled: SequentialBlock", () =>
  forSeeds(async (random, buffers, name) => {
    const guest = new SequentialGuest({ ram: 24 });
    guest.part(() => {
      for (let page = 0; page < 24; page++) {
        const bytes = MEMORY.slice(page * PAGE, (page + 1) * PAGE);
        if (page % 7 === 0) guest.compressed("ram", page, bytes);
        else guest.page("ram", page, bytes);
      }
    }, 3);
    const unruly = new UnrulySource(guest.finish(), random);
    using stream = await opened(unruly, openSequential(unruly));
    const context = { unruly, random, buffers, name };
    await readMuch(stream.blocks[0], MEMORY, context);
  }));
