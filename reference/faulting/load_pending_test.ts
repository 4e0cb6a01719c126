import assert from "node:assert/strict";
import { test } from "node:test";
import { SourceError } from "../sources/mod.ts";
import {
  expectBytes,
  PAGE,
  type PostcopySetup,
  setUp,
} from "../testing/postcopy_setup.ts";
import { settle } from "../testing/stepped_memory.ts";
import { CHUNK } from "../work/mod.ts";

test("loadPending() loads the other pages once each, and waits for faults", async () => {
  const setup = setUp(64, { faultAround: 4 * PAGE });
  const { loader, memory, installer } = setup;
  const fault = loader.handleFault(40);
  await settle();
  const rest = loader.loadPending();
  await settle();
  // The background is idle while a fault is being served.
  assert.equal(memory.reads.length, 1);
  memory.reads[0]?.finish();
  await fault;
  memory.isFree = true;
  while (memory.reads.length > 0 || loader.pendingCount > 0) {
    memory.reads[0]?.finish();
    await settle();
  }
  await rest;
  assert.deepEqual(installer.counts, new Array(64).fill(1));
  expectBytes(setup);
});

test("loadPending() loads the pages around a fault of a high-latency source", async () => {
  const pageCount = 0x20000;
  const setup = setUp(pageCount, { parallelReads: 4 });
  const { loader, memory, installer } = setup;
  const rest = loader.loadPending();
  while (memory.reads.length < 4) await settle();
  const before = memory.reads.map(({ offset }) => offset);
  assert.deepEqual(before, [0, 1, 2, 3].map((it) => it * CHUNK));
  const asked = 0x18000;
  const fault = loader.handleFault(asked);
  await settle();
  for (const read of [...memory.reads]) {
    if (before.includes(read.offset)) read.finish();
  }
  while (memory.reads.length < 5) await settle();
  // The piece around the page, without the page, and the pieces next to it.
  const piece = 0x20000;
  assert.deepEqual(
    memory.reads.map(({ offset }) => offset).toSorted((a, b) => a - b),
    [
      ...[asked * PAGE - piece, asked * PAGE, asked * PAGE + PAGE],
      ...[asked * PAGE + piece, asked * PAGE + 2 * piece],
    ],
  );
  memory.isFree = true;
  while (memory.reads.length > 0 || loader.pendingCount > 0) {
    memory.reads[0]?.finish();
    await settle();
  }
  await Promise.all([fault, rest]);
  assert.deepEqual(installer.counts, new Array(pageCount).fill(1));
  expectBytes(setup);
});

test("loadPending() starts with a working set and can skip zero pages", async () => {
  const setup = setUp(64, { present: (page) => page % 16 !== 0 });
  setup.memory.isFree = true;
  await setup.loader.loadPending({
    loadFirst: [{ first: 50, end: 52 }, { first: 20, end: 21 }],
    zeroPages: false,
  });
  assert.deepEqual(setup.installer.calls.slice(0, 2), [
    `copy ${50 * PAGE} ${2 * PAGE}`,
    `copy ${20 * PAGE} ${PAGE}`,
  ]);
  assert.equal(setup.loader.pendingCount, 4);
  await setup.loader.loadPending();
  assert.equal(setup.loader.pendingCount, 0);
  expectBytes(setup);
});

test("loadPending() rejects when a page cannot be read, and can be called again", async () => {
  const setup = setUp(16);
  const rest = setup.loader.loadPending();
  await settle();
  setup.memory.reads[0]?.fail(new SourceError("memory", "gone"));
  await assert.rejects(rest, /gone/);
  assert.equal(setup.loader.pendingCount, 16);
  setup.memory.isFree = true;
  await setup.loader.loadPending();
  expectBytes(setup);
});

test("loadPending() loads the pages that a failing fault released", async () => {
  const setup = setUp(16, { faultAround: 4 * PAGE, parallelReads: 4 });
  const fault = setup.loader.handleFault(5);
  await settle();
  const rest = setup.loader.loadPending();
  setup.memory.reads[0]?.fail(new SourceError("memory", "gone"));
  setup.memory.isFree = true;
  await assert.rejects(fault, /gone/);
  await rest;
  assert.equal(setup.loader.pendingCount, 0);
  expectBytes(setup);
});

test("loadPending() loads the pages that a fault releases after they were skipped", async () => {
  const fail = ({ memory }: PostcopySetup) =>
    memory.reads[0].fail(new SourceError("memory", "gone"));
  const stop = ({ memory, installer }: PostcopySetup) => {
    installer.limits.push(PAGE);
    memory.reads[0].finish();
  };
  const piece = CHUNK / PAGE;
  for (const end of [fail, stop]) {
    const setup = setUp(2 * piece, { faultAround: 4 * PAGE });
    const { loader, memory } = setup;
    const rest = loader.loadPending({ zeroPages: false });
    await settle();
    const fault = loader.handleFault(piece + 3).catch(() => false);
    await settle();
    assert.equal(memory.reads.length, 2);
    memory.reads[0].finish();
    await settle();
    // The next piece follows the pages of the fault, and waits for the fault.
    assert.equal(memory.reads.length, 1);
    end(setup);
    assert.equal(await fault, false);
    memory.isFree = true;
    await rest;
    assert.equal(loader.pendingCount, 0);
    expectBytes(setup);
  }
});

test("loadPending() reads only when whenFree allows it", async () => {
  const setup = setUp(64, { parallelReads: 4 });
  setup.memory.isFree = true;
  let [free, ended] = [1, 0];
  const stop = new AbortController();
  const rest = setup.loader.loadPending({
    loadFirst: [{ first: 0, end: 8 }, { first: 8, end: 16 }],
    signal: stop.signal,
    whenFree: (byteLength) => {
      assert.equal(byteLength, setup.loader.bytesAtOnce);
      if (free-- > 0) return Promise.resolve(() => void ended++);
      return new Promise((_, reject) =>
        stop.signal.addEventListener("abort", () => reject(new Error("over")))
      );
    },
  });
  await settle();
  assert.equal(ended, 1);
  assert.equal(setup.loader.pendingCount, 56);
  stop.abort();
  await assert.rejects(rest);
});
