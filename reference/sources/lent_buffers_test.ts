import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { test } from "node:test";
import type { PageRun } from "../../format/mod.ts";
import { randomNumbers } from "../../format/testing/random_numbers.ts";
import { AddressSpace } from "../convert/address_space.ts";
import { openHttpSource } from "../http/mod.ts";
import { openFileSource } from "../local/file_source.ts";
import { PostcopyLoader } from "../postcopy/postcopy_loader.ts";
import { openSequential } from "../sequential/sequential_snapshot.ts";
import { openSnapshot } from "../snapshot/open_snapshot.ts";
import { LentBuffers } from "../testing/lent_buffers.ts";
import { RecordingInstaller } from "../testing/recording_installer.ts";
import { savedFile, testMemory } from "../testing/saved_file.ts";
import { ScratchFolder } from "../testing/scratch_folder.ts";
import { SequentialGuest } from "../testing/sequential_guest.ts";
import { settle, SteppedMemory } from "../testing/stepped_memory.ts";
import { UnrulyFetch } from "../testing/unruly_fetch.ts";
import { type Random, UnrulySource } from "../testing/unruly_source.ts";
import { blobSource } from "./blob_source.ts";
import type { ByteSource } from "./byte_source.ts";
import { cachedSource } from "./cached_source.ts";
import { memorySource } from "./memory_source.ts";
import { sliceSource } from "./slice_source.ts";
import { SourceError } from "./source_error.ts";

const PAGE = 4096;
const SEEDS = 25;
const MEMORY = testMemory(
  24,
  [...Array(24).keys()].filter((page) => page % 5 !== 3),
);
const FILE = await savedFile({ ram: MEMORY });

/** What is under way, and can be made to go on. */
interface Unruly {
  readonly underWay: number;
  failing: number;
  step(): void;
}

/** Goes on until `work` has settled, then until nothing is under way any more. */
async function finish(
  unruly: Unruly,
  work: Promise<unknown>,
  each: () => void = () => {},
): Promise<void> {
  let isDone = false;
  const settled = work.finally(() => isDone = true);
  settled.catch(() => {});
  for (let idle = 0; !isDone || idle < 3;) {
    idle = unruly.underWay > 0 ? 0 : idle + 1;
    if (unruly.underWay > 0) {
      if (!isDone) each();
      unruly.step();
      await settle();
    } else await new Promise((resolve) => setTimeout(resolve));
  }
  await settled;
}

/** Opens something over a source, or a server, that does as it likes. */
async function opened<T>(unruly: Unruly, opening: Promise<T>): Promise<T> {
  const { failing } = unruly;
  unruly.failing = 0;
  await finish(unruly, opening);
  unruly.failing = failing;
  return await opening;
}

/** Many reads at once, some of them given up, of something of these bytes. */
async function readMuch(
  source: ByteSource,
  expected: Uint8Array,
  { unruly, random, buffers, name }: {
    readonly unruly: Unruly;
    readonly random: Random;
    readonly buffers: LentBuffers;
    readonly name: string;
  },
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
        const { readParts } = source;
        if (readParts === undefined || random(2) === 0) {
          return source.readInto(target, offset, options);
        }
        const cut = random(length);
        return readParts.call(source, [
          { offset: offset + cut, target: target.subarray(cut) },
          { offset, target: target.subarray(0, cut) },
        ], options);
      },
    );
  });
  await finish(unruly, Promise.all(reads), () => {
    if (random(12) === 0) controllers[random(16)].abort(new Error("enough"));
  });
  buffers.check();
}

/** Runs a test of something over an unruly source, for many seeds. */
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

/** Sources over a source, and what they hold where that holds `MEMORY`. */
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

test("no buffer is written after its read has settled: a source over a URL", () =>
  forSeeds(async (random, buffers, name) => {
    const unruly = new UnrulyFetch(MEMORY, random);
    const source = await opened(
      unruly,
      openHttpSource("http://example.com/vm.mr", {
        fetch: unruly.fetch,
        retries: 1,
        retryDelay: 0,
      }),
    );
    const context = { unruly, random, buffers, name };
    await readMuch(source, MEMORY, context);
    await readMuch(cachedSource(source, CACHE), MEMORY, context);
  }));

test("no buffer is written after its read has settled: RAMBlock", () =>
  forSeeds(async (random, buffers, name) => {
    const unruly = new UnrulySource(FILE, random);
    const snapshot = await opened(
      unruly,
      openSnapshot(cachedSource(unruly, CACHE)),
    );
    const block = snapshot.block("ram");
    const context = { unruly, random, buffers, name };
    await readMuch(block, MEMORY, context);
    const pages = Array.from({ length: 8 }, (_, page) =>
      buffers.lend(
        MEMORY.slice(page * PAGE, (page + 1) * PAGE),
        `${name}, page ${page}`,
        (target) => block.readPageInto(target, page),
      ));
    const runs: PageRun[] = [{ first: 9, end: 12 }, { first: 2, end: 5 }];
    const several = buffers.lend(
      new Uint8Array(runs.flatMap(({ first, end }) => [
        ...MEMORY.subarray(first * PAGE, end * PAGE),
      ])),
      `${name}, runs`,
      (target) => block.readRunsInto(target, runs),
    );
    await finish(unruly, Promise.all([...pages, several]));
    buffers.check();
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

test("no page of another is put in place when a part of a load has failed", async () => {
  const memory = new SteppedMemory(4, { pageSize: PAGE });
  const source = cachedSource(memory, { blockSize: PAGE / 2 });
  const installer = new RecordingInstaller(4, PAGE);
  const loader = new PostcopyLoader(
    {
      ...{ name: "memory", byteLength: memory.byteLength, pageSize: PAGE },
      presentRuns: (options) => memory.presentRuns(options),
      readInto: (...read) => source.readInto(...read),
    },
    installer,
    { faultAround: PAGE },
  );
  const readAt = (offset: number) => {
    const read = memory.reads.find((it) => it.offset === offset);
    assert(read, `nothing was read at ${offset}`);
    return read;
  };
  // Others wait for the first half of both pages.
  const halves = [0, PAGE].map((offset) =>
    source.readInto(new Uint8Array(1), offset)
  );
  const first = loader.handleFault(0);
  await settle();
  readAt(PAGE / 2).fail(new SourceError("memory", "gone"));
  await assert.rejects(first, /gone/);
  // The buffer of the load that has failed is used for another page.
  const second = loader.handleFault(1);
  await settle();
  readAt(PAGE).finish();
  await settle();
  readAt(0).finish();
  await settle();
  readAt(PAGE + PAGE / 2).finish();
  assert.equal(await second, true);
  await Promise.all(halves);
  expectPage(1);
  memory.isFree = true;
  assert.equal(await loader.handleFault(0), true);
  expectPage(0);

  function expectPage(page: number): void {
    const found = installer.bytes.subarray(page * PAGE, (page + 1) * PAGE);
    const expected = memory.byteAt(page * PAGE);
    assert.equal(found.findIndex((byte) => byte !== expected), -1);
  }
});

test("no buffer is written after its read was given up: files, blobs, memory", async () => {
  using scratch = new ScratchFolder();
  const bytes = testMemory(512, [...Array(512).keys()]);
  writeFileSync(scratch.file("a"), bytes);
  using file = openFileSource(scratch.file("a"));
  const sources = {
    file,
    blob: blobSource(new Blob([bytes.slice()])),
    memory: memorySource(bytes),
  };
  const buffers = new LentBuffers();
  for (const [name, source] of Object.entries(sources)) {
    const reads = Array.from({ length: 20 }, async (_, index) => {
      const controller = new AbortController();
      const { signal } = controller;
      const lent = buffers.lend(
        bytes,
        `${name}, read ${index}`,
        (target) => source.readInto(target, 0, { signal }),
      );
      for (let turn = 0; turn < index; turn++) await Promise.resolve();
      controller.abort(new Error("enough"));
      await lent;
    });
    await Promise.all(reads);
    await source.readInto(new Uint8Array(bytes.length), 0);
  }
  buffers.check();
});

test("close() lets the reads under way end as they would have", async () => {
  using scratch = new ScratchFolder();
  const length = 0x100000;
  writeFileSync(scratch.file("a"), new Uint8Array(16 * length).fill(1));
  writeFileSync(scratch.file("b"), new Uint8Array(16 * length).fill(2));
  const file = openFileSource(scratch.file("a"));
  const reads = Array.from({ length: 16 }, async (_, index) => {
    const target = new Uint8Array(length);
    await file.readInto(target, index * length);
    return target;
  });
  file.close();
  // It would have the number of the first as its own.
  using _other = openFileSource(scratch.file("b"));
  for (const target of await Promise.all(reads)) {
    assert.deepEqual([target[0], target[length - 1]], [1, 1]);
  }
  await assert.rejects(file.readInto(new Uint8Array(1), 0), /it was closed$/);
});

test("an abort ends a read soon, though others wait for the same block", async () => {
  const unruly = new UnrulySource(MEMORY, randomNumbers(1), { failing: 0 });
  const source = cachedSource(unruly, CACHE);
  const other = source.readInto(new Uint8Array(PAGE), 0);
  const reason = new Error("enough");
  const controller = new AbortController();
  const { signal } = controller;
  const target = new Uint8Array(PAGE);
  const given = assert.rejects(source.readInto(target, 0, { signal }), reason);
  const background = assert.rejects(
    source.readInto(target, 5 * PAGE, { signal, background: true }),
    reason,
  );
  controller.abort(reason);
  await given; // no step was made: nothing has come
  await background;
  target.fill(7);
  await finish(unruly, other);
  assert(target.every((byte) => byte === 7));
});
