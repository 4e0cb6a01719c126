import assert from "node:assert/strict";
import { test } from "node:test";
import { SourceError } from "../sources/mod.ts";
import { sleep, waitFor } from "./wait.ts";

function timeoutError(timeout: number): SourceError {
  return new SourceError("x", `not in ${timeout} ms`);
}

test("waitFor() settles as the promise does", async () => {
  assert.equal(await waitFor(Promise.resolve(7), { timeoutError }), 7);
  const error = new Error("its own");
  await assert.rejects(waitFor(Promise.reject(error), { timeoutError }), error);
  for (const timeout of [1000, 2 ** 40, Infinity]) {
    assert.equal(
      await waitFor(Promise.resolve(7), { timeout, timeoutError }),
      7,
    );
  }
});

test("waitFor() rejects when the time is up", async () => {
  const never = new Promise(() => {});
  await assert.rejects(
    waitFor(never, { timeout: 1, timeoutError }),
    /^SourceError: not in 1 ms$/,
  );
});

test("waitFor() rejects with its signal, aborted before or after the call", async () => {
  const never = new Promise(() => {});
  const reason = new Error("enough");
  const controller = new AbortController();
  const { signal } = controller;
  const waiting = assert.rejects(
    waitFor(never, { signal, timeoutError }),
    reason,
  );
  controller.abort(reason);
  await waiting;
  await assert.rejects(waitFor(never, { signal, timeoutError }), reason);
  // A later rejection is ignored.
  const failing = Promise.reject(new Error("too late"));
  await assert.rejects(waitFor(failing, { signal, timeoutError }), reason);
});

test("sleep() rejects when its signal is aborted, before or during the wait", async () => {
  const reason = new Error("enough");
  const controller = new AbortController();
  const { signal } = controller;
  const sleeping = assert.rejects(sleep(2 ** 30, signal), reason);
  controller.abort(reason);
  await sleeping;
  await assert.rejects(sleep(2 ** 30, signal), reason);
});
