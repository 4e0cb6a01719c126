import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import {
  type ByteSource,
  cachedSource,
  createSnapshot,
  memorySink,
  memorySource,
  openSnapshot,
  prefetch,
  type ReadOptions,
  type SourceReadOptions,
} from "../../../mod.ts";

const KIB = 1024;
const BLOCK = 4 * KIB;

/** A source that records each read, and can be made to wait or fail. */
class WatchedSource implements ByteSource {
  readonly name = "watched";
  readonly byteLength: number;
  readonly reads: { offset: number; length: number; aborted: boolean }[] = [];
  /** Makes every read wait. */
  gate: Promise<void> | undefined;
  /** Makes the next reads fail. */
  failures = 0;
  readonly #bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.byteLength = bytes.length;
  }

  async readInto(
    target: Uint8Array,
    offset: number,
    options: ReadOptions = {},
  ): Promise<void> {
    const read = { offset, length: target.length, aborted: false };
    this.reads.push(read);
    options.signal?.addEventListener("abort", () => read.aborted = true);
    await this.gate;
    options.signal?.throwIfAborted();
    if (this.failures > 0) {
      this.failures--;
      throw new Error("out of order");
    }
    target.set(this.#bytes.subarray(offset, offset + target.length));
  }
}

function numbered(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, index) => index * 7 + (index >> 8));
}

function watched(blocks = 64, options = {}) {
  const bytes = numbered(blocks * BLOCK + 100);
  const inner = new WatchedSource(bytes);
  const cached = cachedSource(inner, { blockSize: BLOCK, ...options });
  async function read(
    offset: number,
    length: number,
    options?: SourceReadOptions,
  ) {
    const target = new Uint8Array(length).fill(0xee);
    await cached.readInto(target, offset, options);
    assert.deepEqual(target, bytes.slice(offset, offset + length));
  }
  return { inner, cached, read };
}

test("cachedSource() reads whole blocks once, adjacent ones in one request", async () => {
  const { inner, cached, read } = watched();
  await read(BLOCK + 5, 2 * BLOCK);
  assert.deepEqual(inner.reads.map(({ offset, length }) => [offset, length]), [
    [BLOCK, 3 * BLOCK],
  ]);
  await read(2 * BLOCK, BLOCK);
  await read(63 * BLOCK + 4000, 196); // the last block is short
  assert.equal(inner.reads.length, 2);
  assert.deepEqual(cached.statistics, {
    requests: 2,
    bytes: 3 * BLOCK + BLOCK + 100,
    hits: 1,
    waits: 0,
  });
});

test("cachedSource() requests only the missing blocks between cached ones", async () => {
  const { inner, read } = watched();
  await read(4 * BLOCK, 1);
  await read(2 * BLOCK, 5 * BLOCK);
  assert.deepEqual(inner.reads.slice(1).map((it) => [it.offset, it.length]), [
    [2 * BLOCK, 2 * BLOCK],
    [5 * BLOCK, 2 * BLOCK],
  ]);
});

test("cachedSource() keeps at most maxBytes, the most recently used", async () => {
  const { inner, read } = watched(64, {
    maxBytes: 4 * BLOCK,
    maxRequestBytes: 2 * BLOCK,
    maxReadAhead: 0,
  });
  for (const block of [0, 10, 20, 30]) await read(block * BLOCK, 1);
  await read(0, 1); // used again: 10 is now the oldest
  await read(40 * BLOCK, 1);
  const before = inner.reads.length;
  for (const block of [0, 20, 30, 40]) await read(block * BLOCK, 1);
  assert.equal(inner.reads.length, before);
  await read(10 * BLOCK, 1);
  assert.equal(inner.reads.length, before + 1);
  await read(0, 60 * BLOCK); // more than the cache holds
  assert(inner.reads.every(({ length }) => length <= 2 * BLOCK));
});

test("cachedSource() shares a request in progress", async () => {
  const { inner, cached, read } = watched();
  await Promise.all([read(0, 10), read(100, 10), read(BLOCK - 1, 1)]);
  assert.equal(inner.reads.length, 1);
  assert.equal(cached.statistics.waits, 2);
});

test("cachedSource() forgets a failure", async () => {
  const { inner, read } = watched();
  inner.failures = 1;
  const both = await Promise.allSettled([read(0, 10), read(5, 10)]);
  assert.deepEqual(both.map(({ status }) => status), ["rejected", "rejected"]);
  await read(0, 10);
  assert.equal(inner.reads.length, 2);
});

test("cachedSource() aborts a request only when all its readers have aborted", async () => {
  const { inner, read } = watched();
  let open = () => {};
  inner.gate = new Promise((resolve) => open = resolve);
  const [one, two] = [new AbortController(), new AbortController()];
  const first = read(0, 10, { signal: one.signal });
  const second = read(5, 10, { signal: two.signal });
  one.abort(new Error("one"));
  await assert.rejects(first, /^Error: one$/);
  assert.equal(inner.reads[0].aborted, false);
  two.abort(new Error("two"));
  await assert.rejects(second, /^Error: two$/);
  assert.equal(inner.reads[0].aborted, true);
  const third = read(0, 10); // does not join the aborted request
  assert.equal(inner.reads.length, 2);
  open();
  await third;
  await assert.rejects(read(0, 1, { signal: one.signal }), /^Error: one$/);
});

test("cachedSource() reads ahead only for sequential reads", async () => {
  const { inner, read } = watched();
  const wantedUntil = 40 * BLOCK;
  for (let block = 0; block < 40; block++) {
    await read(block * BLOCK, BLOCK, { wantedUntil });
    await sleep(0);
  }
  assert(inner.reads.length < 12, `${inner.reads.length} requests`);
  assert(inner.reads.every((it) => it.offset + it.length <= wantedUntil));
  const random = watched();
  for (const block of [30, 5, 17, 50, 2]) {
    await random.read(block * BLOCK, BLOCK, { wantedUntil: 64 * BLOCK });
  }
  assert(random.inner.reads.every(({ length }) => length === BLOCK));
});

test("cachedSource() passes through reads with guesses", async () => {
  const { inner, read } = watched();
  const guesses = [{ offset: 30 * BLOCK, length: 8 }];
  await read(20 * BLOCK + 3, 8, { guesses });
  assert.deepEqual(inner.reads.map(({ offset, length }) => [offset, length]), [
    [20 * BLOCK + 3, 8],
  ]);
});

test("cachedSource() refuses invalid limits", () => {
  const source = memorySource(new Uint8Array(1));
  assert.throws(() => cachedSource(source, { blockSize: 0 }), RangeError);
  assert.throws(() => cachedSource(source, { maxBytes: 1 }), RangeError);
  assert.throws(() => cachedSource(source, { maxRequestBytes: 1 }), RangeError);
});

test("prefetch() loads pages in order and yields to demand reads", async () => {
  const sink = memorySink();
  const usedLength = 4096 * KIB;
  const writer = await createSnapshot(sink, [{ idstr: "ram", usedLength }]);
  const page = new Uint8Array(4096).fill(1);
  for (let index = 0; index < 1024; index += 1) {
    if (index % 256 < 128) await writer.block("ram").writePage(index, page);
  }
  await writer.finish();
  const inner = new WatchedSource(sink.bytes());
  const source = cachedSource(inner, { blockSize: 64 * KIB });
  const block = (await openSnapshot(source)).block("ram");
  inner.reads.length = 0;
  await prefetch(block, [{ first: 512, end: 1024 }, { first: 0, end: 256 }], {
    lanes: 1,
  });
  const offsets = inner.reads.map(({ offset }) => offset - block.pagesOffset);
  const wanted = [512, 576, 768, 832, 0, 64].map((first) => first * 4096);
  assert.deepEqual(offsets.filter((it) => it >= 0), wanted);
  const before = inner.reads.length;
  await block.readPage(600);
  assert.equal(inner.reads.length, before);

  // During a demand read, prefetch() must not start a request.
  const again = cachedSource(inner, { blockSize: 64 * KIB });
  const ram = (await openSnapshot(again)).block("ram");
  await ram.hasPage(0);
  let open = () => {};
  inner.gate = new Promise((resolve) => open = resolve);
  const demand = ram.readPage(0);
  await sleep(1);
  const during = inner.reads.length;
  const background = prefetch(ram, [{ first: 512, end: 640 }]);
  await sleep(5);
  assert.equal(inner.reads.length, during);
  inner.gate = undefined;
  open();
  await Promise.all([demand, background]);
  assert(inner.reads.length > during);
});
