import assert from "node:assert/strict";
import { test } from "node:test";
import { GrowingBytes } from "./growing_bytes.ts";

test("append() keeps every byte, and copies each a bounded number of times", () => {
  const growing = new GrowingBytes();
  const piece = new Uint8Array(7);
  let buffers = 0;
  for (let index = 0, buffer = growing.buffer; index < 10_000; index++) {
    growing.append(piece.fill(index));
    if (growing.buffer !== buffer) buffers++;
    buffer = growing.buffer;
  }
  assert(buffers < 20, `${buffers} buffers`);
  const { bytes } = growing;
  assert.equal(bytes.length, 70_000);
  assert(bytes.every((byte, index) => byte === (Math.floor(index / 7) & 0xff)));
});

test("extendTo() adds zeros, also where bytes were cut off", () => {
  const growing = new GrowingBytes(8);
  growing.append(new Uint8Array([1, 2, 3]));
  growing.truncate(1);
  growing.truncate(2); // there is only one
  growing.extendTo(4);
  growing.extendTo(3);
  assert.deepEqual([...growing.bytes], [1, 0, 0, 0]);
});

test("dropFirst() moves the others to the front", () => {
  const growing = new GrowingBytes(8);
  growing.append(new Uint8Array([1, 2, 3, 4, 5]));
  growing.dropFirst(2);
  assert.deepEqual([...growing.buffer], [3, 4, 5, 0, 0, 0, 0, 0]);
  assert.equal(growing.length, 3);
  growing.dropFirst(9);
  assert.deepEqual([...growing.buffer], Array(8).fill(0));
  assert.equal(growing.length, 0);
});

test("the buffer never grows beyond the maximum", () => {
  const growing = new GrowingBytes(4, 10);
  growing.append(new Uint8Array(9));
  assert.equal(growing.buffer.length, 9);
  growing.append(new Uint8Array(1));
  assert.equal(growing.buffer.length, 10);
  assert.throws(() => growing.append(new Uint8Array(1)), {
    name: "RangeError",
    message: "Cannot keep 11 bytes: expected at most 10",
  });
  assert.equal(growing.length, 10);
});
