import assert from "node:assert/strict";
import { test } from "node:test";
import { ReadBudget } from "./read_budget.ts";

const LIMITS = { reads: 8, readsEach: 4, bytes: 800 };

test("ReadBudget has room for each owner, however much the others read", () => {
  const budget = new ReadBudget(LIMITS);
  const start = (owner: object, byteLength = 100) =>
    budget.tryStart(owner, byteLength);
  const [a, b, c] = [{}, {}, {}];
  for (const owner of [a, b]) {
    const ends = Array.from({ length: 10 }, () => start(owner));
    assert.equal(ends.filter((it) => it !== undefined).length, 4);
  }
  const end = start(c);
  assert.ok(end !== undefined);
  assert.equal(start(c), undefined);
  end();
  assert.ok(start(c) !== undefined);
});

test("ReadBudget counts bytes but allows one read of any size", () => {
  const budget = new ReadBudget(LIMITS);
  const [a, b] = [{}, {}];
  assert.ok(budget.tryStart(a, 500) !== undefined);
  assert.equal(budget.tryStart(a, 500), undefined);
  assert.ok(budget.tryStart(b, 5000) !== undefined);
  assert.equal(budget.tryStart(a, 1), undefined);
});

test("ReadBudget.start() waits in turn until its signal is aborted", async () => {
  const budget = new ReadBudget({ ...LIMITS, readsEach: 1 });
  const owner = {};
  const { signal } = new AbortController();
  const end = await budget.start(owner, 1, { signal });
  const order: number[] = [];
  const stop = new AbortController();
  const given = budget.start(owner, 1, stop);
  const waiting = [1, 2].map(async (name) => {
    const end = await budget.start(owner, 1, { signal });
    order.push(name);
    end();
  });
  stop.abort();
  await assert.rejects(given, { name: "AbortError" });
  await assert.rejects(budget.start(owner, 1, stop), { name: "AbortError" });
  assert.deepEqual(order, []);
  end();
  await Promise.all(waiting);
  assert.deepEqual(order, [1, 2]);
});
