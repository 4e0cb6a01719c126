import assert from "node:assert/strict";
import { test } from "node:test";
import { joinNear } from "./near_ranges.ts";

const GAP = 0x10000;

/** Joins ranges given by start and end. */
function join(...ranges: readonly (readonly [number, number])[]) {
  const given = ranges.map(([start, end]) => {
    return Object.freeze({ offset: start, length: end - start });
  });
  return joinNear(given).map((it) => [it.offset, it.offset + it.length]);
}

test("joinNear() joins ranges with at most 64 KiB in between", () => {
  assert.deepEqual(join([0, 1], [1 + GAP, 2 + GAP]), [[0, 2 + GAP]]);
  assert.deepEqual(join([0, 1], [2 + GAP, 3 + GAP]), [
    [0, 1],
    [2 + GAP, 3 + GAP],
  ]);
  // Each gap is measured from the end of the previous range.
  const many = Array.from({ length: 9 }, (_, at) => [at * GAP, at * GAP + 1]);
  assert.deepEqual(join(...many as [number, number][]), [[0, 8 * GAP + 1]]);
});

test("joinNear() accepts ranges in any order, nested ranges, and empty ones", () => {
  assert.deepEqual(join([500, 600], [50, 100]), [[50, 600]]);
  assert.deepEqual(join([0, 1000], [10, 20], [15, 30]), [[0, 1000]]);
  assert.deepEqual(join([0, 10], [5, 20], [20, 25]), [[0, 25]]);
  assert.deepEqual(join([5 * GAP, 5 * GAP], [7, 8]), [[7, 8]]);
  assert.deepEqual(join(), []);
});
