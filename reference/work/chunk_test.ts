import assert from "node:assert/strict";
import { test } from "node:test";
import { chunkBytes, chunksTouched } from "./chunk.ts";

test("chunksTouched() marks each chunk in which a range has a byte", () => {
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

test("chunkBytes() counts the bytes of chunks, the last of which is shorter", () => {
  const size = { byteLength: 95, chunkLength: 10 };
  const bytesOf = (offset: number, length: number) =>
    chunkBytes(chunksTouched([{ offset, length }], size), size);
  assert.equal(bytesOf(0, 0), 0);
  assert.equal(bytesOf(9, 2), 20);
  assert.equal(bytesOf(0, 95), 95);
  assert.equal(bytesOf(94, 1), 5);
  const nothing = { byteLength: 0, chunkLength: 10 };
  assert.equal(chunkBytes(chunksTouched([], nothing), nothing), 0);
});
