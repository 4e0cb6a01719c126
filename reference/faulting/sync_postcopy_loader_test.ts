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
