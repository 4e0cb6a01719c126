import assert from "node:assert/strict";
import { test } from "node:test";
import { expectBytes, PAGE, setUp } from "../testing/postcopy_setup.ts";

test("SyncPostcopyLoader serves faults and the background synchronously", () => {
  const setup = setUp(64, {
    faultAround: 4 * PAGE,
    present: (page) => page % 5 !== 0,
  });
  const { loader, installer } = setup;
  assert.equal(loader.handleFaultSync(17), true);
  assert.equal(loader.pendingCount, 60);
  // Page 20 is zero; only one of the pages after it is accepted.
  installer.limits.push(PAGE, PAGE);
  assert.equal(loader.handleFaultSync(22), false);
  assert.equal(loader.handleFaultSync(22), true);
  installer.limits.push(PAGE);
  loader.handleRemove({ first: 30, end: 33 });
  installer.remove(30, 33);
  const steps = [...loader.loadPendingSync({
    loadFirst: [{ first: 60, end: 61 }],
  })];
  assert.equal(steps[0], true);
  assert.ok(steps.length > 1);
  assert.equal(loader.pendingCount, 0);
  for (const page of [30, 31, 32]) loader.handleFaultSync(page);
  expectBytes(setup, { isZero: (page) => page >= 30 && page < 33 });
});

test("SyncPostcopyLoader loads a faulting page first if reads take long", () => {
  const setup = setUp(64, {
    faultAround: 16 * PAGE,
    pageFirst: true,
    present: (page) => page % 5 !== 0,
  });
  const { loader, installer } = setup;
  const placed = () =>
    [...installer.counts.keys()]
      .filter((page) => installer.counts[page] > 0);
  assert.equal(loader.handleFaultSync(19), true);
  assert.deepEqual(placed(), [19]);
  // A thread that reads on gets more at a time.
  assert.equal(loader.handleFaultSync(20), true);
  assert.deepEqual(placed(), [19, 20, 21, 22]);
  assert.equal(loader.handleFaultSync(40), true);
  assert.deepEqual(placed(), [19, 20, 21, 22, 40]);
  // The others of both windows, and no more, come afterwards.
  while (loader.loadAroundSync());
  assert.equal(loader.hasAround, false);
  const around = Array.from({ length: 32 }, (_, index) => 16 + index);
  assert.deepEqual(placed(), around);
  for (const _ of loader.loadPendingSync());
  assert.equal(loader.pendingCount, 0);
  assert(installer.counts.every((count) => count === 1));
  expectBytes(setup);
});
