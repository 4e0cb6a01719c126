import assert from "node:assert/strict";
import { test } from "node:test";
import { StoppedClock } from "../testing/stopped_clock.ts";
import { inLanes } from "./lanes.ts";
import { Pace } from "./pace.ts";

const turn = () => new Promise((resolve) => setTimeout(resolve, 0));

async function* numbers(count: number): AsyncGenerator<number> {
  for (let number = 0; number < count; number++) {
    await turn();
    yield number;
  }
}

test("inLanes() processes every item once, each lane one at a time", async () => {
  const done: number[] = [];
  const busy = new Set<string>();
  let maxBusy = 0;
  await inLanes(["a", "b", "c"], numbers(20), async (item, lane) => {
    assert(!busy.has(lane));
    busy.add(lane);
    maxBusy = Math.max(maxBusy, busy.size);
    for (let turns = 0; turns < 4; turns++) await turn();
    busy.delete(lane);
    done.push(item);
  });
  assert.equal(maxBusy, 3);
  assert.deepEqual(done.toSorted((a, b) => a - b), [...Array(20).keys()]);
});

test("inLanes() stops all lanes at the first failure and closes the iterator", async () => {
  const error = new Error("failed");
  let closed = false;
  let running = 0;
  async function* items(): AsyncGenerator<number> {
    try {
      yield* numbers(100);
    } finally {
      closed = true;
    }
  }
  const seen: number[] = [];
  await assert.rejects(
    inLanes([1, 2, 3], items(), async (item) => {
      running++;
      seen.push(item);
      if (item === 4) throw error;
      await turn();
      await turn();
      running--;
    }),
    error,
  );
  assert(closed);
  assert.equal(running, 1); // the one that failed; the others have finished
  assert(seen.length < 10);
});

test("inLanes() fails when the iterator fails", async () => {
  const error = new Error("failed");
  // deno-lint-ignore require-yield -- it fails before its first item
  async function* items(): AsyncGenerator<number> {
    await turn();
    throw error;
  }
  await assert.rejects(inLanes([1, 2], items(), turn as never), error);
});

test("inLanes() resolves when there are no items", async () => {
  await inLanes([1, 2], numbers(0), () => assert.fail());
});

test("step() lets the event loop turn after some time", async () => {
  using clock = new StoppedClock();
  const pace = new Pace();
  let turned = false;
  setTimeout(() => turned = true, 0);
  clock.time += 49;
  await pace.step();
  assert(!turned);
  clock.time += 1;
  await pace.step();
  assert(turned);
});

test("step() stops when the signal is aborted", async () => {
  const reason = new Error("enough");
  assert.throws(() => new Pace(AbortSignal.abort(reason)), reason);
  const controller = new AbortController();
  using clock = new StoppedClock();
  const pace = new Pace(controller.signal);
  setTimeout(() => controller.abort(reason), 0);
  clock.time += 50;
  await assert.rejects(pace.step(), reason);
});
