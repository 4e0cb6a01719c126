import assert from "node:assert/strict";
import { test } from "node:test";
import { backoff, retry } from "./wait.ts";

test("retry() repeats until it succeeds, and counts the failures", async () => {
  const failures: [unknown, number][] = [];
  let calls = 0;
  const value = await retry(
    () => ++calls < 3 ? Promise.reject(calls) : Promise.resolve("done"),
    {
      delayAfter(error, number) {
        failures.push([error, number]);
        return 0;
      },
    },
  );
  assert.equal(value, "done");
  assert.deepEqual(failures, [[1, 0], [2, 1]]);
});

test("retry() rejects with the error that delayAfter() throws", async () => {
  const final = new Error("for good");
  const failing = retry(() => Promise.reject(new Error("once")), {
    delayAfter() {
      throw final;
    },
  });
  await assert.rejects(failing, final);
});

test("retry() stops with its signal: before, after a failure, and while waiting", async () => {
  const reason = new Error("enough");
  const controller = new AbortController();
  const { signal } = controller;
  let calls = 0;
  const fail = () => Promise.reject(new Error(`call ${++calls}`));
  const asleep = retry(fail, {
    signal,
    delayAfter() {
      setTimeout(() => controller.abort(reason), 1);
      return 2 ** 30;
    },
  });
  await assert.rejects(asleep, reason);
  assert.equal(calls, 1);
  await assert.rejects(retry(fail, { signal, delayAfter: () => 0 }), reason);
  assert.equal(calls, 1);
  const during = new AbortController();
  const abortAndFail = () => {
    during.abort(reason);
    return fail();
  };
  await assert.rejects(
    retry(abortAndFail, { signal: during.signal, delayAfter: () => 0 }),
    reason,
  );
  assert.equal(calls, 2);
});

test("backoff() doubles up to the longest delay", () => {
  const delays = [0, 1, 2, 3, 2000].map((number) =>
    backoff(number, { first: 50, longest: 300 })
  );
  assert.deepEqual(delays, [50, 100, 200, 300, 300]);
});
