import assert from "node:assert/strict";
import { test } from "node:test";
import type { Progress } from "../../work/mod.ts";
import { paceOf } from "./pace_of.ts";
import { TotalProgress } from "./total_progress.ts";

const GIB = 2 ** 30;

test("paceOf() does not count skipped bytes", () => {
  // 8 GiB of which 6 are holes; 1 GiB in 2 s.
  const progress = { idstr: "ram", done: 7 * GIB, total: 8 * GIB };
  assert.deepEqual(paceOf({ ...progress, skipped: 6 * GIB }, 2000), {
    share: 0.5,
    bytesPerSecond: GIB / 2,
    secondsLeft: 2,
  });
});

test("paceOf() gives no time left if nothing has been done", () => {
  const progress = { idstr: "ram", done: 6, total: 8, skipped: 6 };
  assert.deepEqual(paceOf(progress, 1000), {
    share: 0,
    bytesPerSecond: 0,
    secondsLeft: undefined,
  });
  const finished = { idstr: "ram", done: 8, total: 8, skipped: 8 };
  assert.deepEqual(paceOf(finished, 0), {
    share: 1,
    bytesPerSecond: 0,
    secondsLeft: 0,
  });
});

test("TotalProgress combines the progress of several blocks", () => {
  const shown: Progress[] = [];
  const total = new TotalProgress(
    { total: 100, skipped: 45 },
    (progress) => void shown.push(progress),
  );
  total.onProgress({ idstr: "a", done: 37, total: 40, skipped: 35, zero: 36 });
  total.onProgress({ idstr: "a", done: 40, total: 40, skipped: 35, zero: 36 });
  total.next();
  total.next(); // All 10 bytes of "b" are zero: it reports nothing.
  total.onProgress({ idstr: "c", done: 50, total: 50 });
  assert.deepEqual(shown, [
    { idstr: "a", done: 47, total: 100, zero: 46, skipped: 45 },
    { idstr: "a", done: 50, total: 100, zero: 46, skipped: 45 },
    { idstr: "c", done: 100, total: 100, zero: 46, skipped: 45 },
  ]);
});
