import assert from "node:assert/strict";
import { test } from "node:test";
import { grownIn, type Sample } from "./process_meter.ts";

const MIB = 2 ** 20;

/** Makes samples of 100 seconds. */
function samples(at: (second: number) => Sample): Sample[] {
  return Array.from({ length: 100 }, (_, second) => at(second));
}

test("grownIn() finds growth, but not fluctuation", () => {
  const flat = samples((second) => ({
    // A start, then garbage collection, and connections that are closed.
    residentBytes: (second < 10 ? second * 10 : 100 + second % 20) * MIB,
    descriptors: 40 + second % 5,
  }));
  assert.deepEqual(grownIn(flat), []);
  const leaking = samples((second) => ({
    residentBytes: (100 + 2 * second) * MIB,
    descriptors: 40 + second % 5,
  }));
  assert.deepEqual(grownIn(leaking), ["memory"]);
  const open = samples((second) => ({
    residentBytes: 100 * MIB,
    descriptors: 40 + Math.floor(second / 4),
  }));
  assert.deepEqual(grownIn(open), ["descriptors"]);
  assert.deepEqual(grownIn([]), []);
});
