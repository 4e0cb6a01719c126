import assert from "node:assert/strict";
import { test } from "node:test";
import { chunksTouched } from "./chunk.ts";

test("chunksTouched() marks each chunk that a range has a byte of", () => {
  const touched = (...ranges: readonly [offset: number, length: number][]) => [
    ...chunksTouched(
      ranges.map(([offset, length]) => ({ offset, length })),
      { byteLength: 95, chunkLength: 10 },
    ).runs(),
  ];
  assert.deepEqual(touched(), []);
  assert.deepEqual(touched([10, 0]), []);
  assert.deepEqual(touched([9, 1], [30, 1]), [
    { first: 0, end: 1 },
    { first: 3, end: 4 },
  ]);
  assert.deepEqual(touched([9, 2], [94, 1000], [200, 10]), [
    { first: 0, end: 2 },
    { first: 9, end: 10 },
  ]);
});
