import assert from "node:assert/strict";
import { test } from "node:test";
import { SourceError } from "../sources/mod.ts";
import { expectBytes, PAGE, setUp } from "../testing/postcopy_setup.ts";
import { settle } from "../testing/stepped_memory.ts";
import { PostcopyLoader } from "./postcopy_loader.ts";

test("PostcopyLoader copies or zeroes a page as its bit says", async () => {
  const { loader, installer, memory } = setUp(8, { present: (p) => p !== 3 });
  memory.isFree = true;
  assert.equal(await loader.handleFault(2), true);
  assert.equal(await loader.handleFault(3), true);
  assert.deepEqual(installer.calls, [
    `copy ${2 * PAGE} ${PAGE}`,
    `zeropage ${3 * PAGE} ${PAGE}`,
  ]);
  assert.equal(loader.pendingCount, 6);
});

test("PostcopyLoader loads the window around a fault, each zero run in one call", async () => {
  const setup = setUp(32, {
    faultAround: 8 * PAGE,
    present: (page) => page < 10 || page >= 14,
  });
  setup.memory.isFree = true;
  await setup.loader.handleFault(12);
  assert.deepEqual(setup.installer.calls, [
    `copy ${8 * PAGE} ${2 * PAGE}`,
    `zeropage ${10 * PAGE} ${4 * PAGE}`,
    `copy ${14 * PAGE} ${2 * PAGE}`,
  ]);
});

test("PostcopyLoader lets a fault wait for a page that is being loaded", async () => {
  const setup = setUp(8);
  const first = setup.loader.handleFault(5);
  const second = setup.loader.handleFault(5);
  await settle();
  assert.equal(setup.memory.reads.length, 1);
  setup.memory.reads[0]?.finish();
  assert.deepEqual(await Promise.all([first, second]), [true, true]);
  assert.equal(setup.installer.counts[5], 1);
});

test("PostcopyLoader keeps an unreadable page pending, and the next fault retries", async () => {
  const setup = setUp(8);
  const first = setup.loader.handleFault(5);
  const second = setup.loader.handleFault(5);
  await settle();
  setup.memory.reads[0]?.fail(new SourceError("memory", "gone"));
  await assert.rejects(first, /gone/);
  assert.equal(setup.loader.pendingCount, 8);
  assert.deepEqual(setup.installer.calls, []);
  await settle();
  setup.memory.reads[0]?.finish();
  assert.equal(await second, true);
  assert.equal(setup.loader.pendingCount, 7);
});

test("PostcopyLoader never fills pages that were removed during the load", async () => {
  const setup = setUp(8, { faultAround: 8 * PAGE });
  const fault = setup.loader.handleFault(2);
  await settle();
  setup.loader.handleRemove({ first: 2, end: 4 });
  setup.memory.reads[0]?.finish();
  assert.equal(await fault, true);
  assert.equal(await setup.loader.handleFault(3), true);
  expectBytes(setup, { isZero: (page) => page === 2 || page === 3 });
  // It stays zero when it is removed again.
  setup.installer.remove(2, 3);
  setup.loader.handleRemove({ first: 2, end: 3 });
  assert.equal(await setup.loader.handleFault(2), true);
  expectBytes(setup, { isZero: (page) => page === 2 || page === 3 });
});

test("PostcopyLoader releases pages that the memory cannot accept yet", async () => {
  const setup = setUp(8, { faultAround: 8 * PAGE });
  setup.memory.isFree = true;
  setup.installer.limits.push(3 * PAGE);
  assert.equal(await setup.loader.handleFault(5), false);
  assert.equal(setup.loader.pendingCount, 5);
  assert.equal(await setup.loader.handleFault(5), true);
  assert.equal(setup.loader.pendingCount, 0);
  assert.deepEqual(setup.installer.counts, new Array(8).fill(1));
  expectBytes(setup);
});

test("PostcopyLoader wakes a thread for a page in place, and loads it on a second fault", async () => {
  const setup = setUp(8);
  setup.memory.isFree = true;
  await setup.loader.handleFault(5);
  assert.equal(await setup.loader.handleFault(5), true);
  assert.deepEqual(setup.installer.calls.slice(1), [
    `wake ${5 * PAGE} ${PAGE}`,
  ]);
  assert.equal(await setup.loader.handleFault(5), true);
  assert.equal(setup.installer.counts[5], 2);
  assert.equal(setup.loader.pendingCount, 7);
});

test("PostcopyLoader keeps a page pending when no buffer can be allocated", async () => {
  const setup = setUp(8);
  const { loader, memory, installer } = setup;
  memory.isFree = true;
  const allocate = installer.allocate.bind(installer);
  installer.allocate = () => {
    installer.allocate = allocate;
    throw new SourceError("memory", "no memory");
  };
  await assert.rejects(loader.handleFault(5), /no memory/);
  assert.equal(await loader.handleFault(5), true);
  await loader.loadPending();
  expectBytes(setup);
});

test("PostcopyLoader releases each buffer after the read into it has ended", async () => {
  const setup = setUp(16, { faultAround: 4 * PAGE, parallelReads: 2 });
  const { lent } = setup.installer;
  const fault = setup.loader.handleFault(5);
  await settle();
  assert.equal(lent.size, 1);
  setup.memory.reads[0]?.fail(new SourceError("memory", "gone"));
  await assert.rejects(fault, /gone/);
  assert.equal(lent.size, 0);
  setup.memory.isFree = true;
  await setup.loader.loadPending();
  assert.equal(lent.size, 0);
});

test("PostcopyLoader fills host pages from smaller and larger target pages", async () => {
  for (const hostPageSize of [8, 64]) {
    const origin = 32;
    const pageCount = 256 / hostPageSize;
    const setup = setUp(pageCount, {
      hostPageSize,
      origin,
      sourcePages: 17,
      present: (page) => page % 3 !== 1 || page > 12,
    });
    setup.memory.isFree = true;
    await setup.loader.handleFault(pageCount - 1);
    await setup.loader.loadPending();
    // Bytes past the end of the source are zero.
    expectBytes(setup, { origin });
    assert.deepEqual(setup.installer.counts, new Array(pageCount).fill(1));
  }
});

test("PostcopyLoader refuses invalid pages and sizes", async () => {
  const { loader, memory, installer } = setUp(8);
  for (const page of [-1, 8, 1.5, NaN]) {
    await assert.rejects(loader.handleFault(page), RangeError);
  }
  const wrong = [{ origin: -1 }, { faultAround: PAGE + 1 }, { faultAround: 0 }];
  for (const options of wrong) {
    assert.throws(
      () => new PostcopyLoader(memory, installer, options),
      RangeError,
    );
  }
});
