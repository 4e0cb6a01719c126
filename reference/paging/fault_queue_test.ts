import assert from "node:assert/strict";
import { test } from "node:test";
import { StoppedClock } from "../testing/stopped_clock.ts";
import { FaultQueue } from "./fault_queue.ts";

const REGION = { pageCount: 100_000 };

test("FaultQueue lists a bounded number of faults and forgets none", () => {
  const queue = new FaultQueue<typeof REGION>(1000);
  for (let page = 0; page < REGION.pageCount; page++) {
    queue.add(REGION, page);
    queue.add(REGION, page);
  }
  assert.equal(queue.size, REGION.pageCount);
  const served = new Set<number>();
  while (queue.size > 0) {
    const due = queue.due();
    assert.ok(due.length > 0 && due.length <= 256, `${due.length} at once`);
    for (const fault of due) {
      assert.equal(queue.start(fault), true);
      served.add(fault.page);
      queue.done(fault);
    }
  }
  assert.equal(served.size, REGION.pageCount);
  assert.equal(queue.timeout, Infinity);
});

test("FaultQueue delays retries while the memory is being changed", () => {
  using clock = new StoppedClock();
  const queue = new FaultQueue<typeof REGION>(1000);
  queue.add(REGION, 7);
  let tries = 0;
  for (let [fault] = queue.due(); fault !== undefined; [fault] = queue.due()) {
    assert.ok(++tries < 100, "retried without delay");
    queue.start(fault);
    queue.postponed(fault);
  }
  assert.ok(queue.timeout <= 1, `${queue.timeout} ms`);
  clock.time += 1;
  assert.equal(queue.due().length, 1);
  assert.equal(queue.hasFailed, false);
});

test("FaultQueue reports a page that stays unreadable", () => {
  using clock = new StoppedClock();
  const queue = new FaultQueue<typeof REGION>(10);
  queue.add(REGION, 7);
  const [fault] = queue.due();
  assert.ok(fault !== undefined);
  assert.equal(queue.start(fault), true);
  assert.equal(queue.start(fault), false);
  queue.failed(fault);
  assert.deepEqual(queue.due(), []);
  assert.equal(queue.hasFailed, false);
  clock.time += 40;
  assert.equal(queue.hasFailed, true);
  assert.equal(queue.due().length, 1);
});
