import assert from "node:assert/strict";
import { test } from "node:test";
import { ByteWriter } from "./byte_writer.ts";

test("ByteWriter keeps every byte when it grows", () => {
  const writer = new ByteWriter();
  const expected: number[] = [];
  for (let value = 0; value < 3000; value++) {
    writer.be16(value);
    expected.push(value >> 8, value & 0xff);
  }
  writer.bytes(new Uint8Array(10_000).fill(7));
  expected.push(...new Array(10_000).fill(7));
  assert.equal(writer.length, expected.length);
  assert.deepEqual([...writer.finish()], expected);
});

test("finish() returns a copy", () => {
  const writer = new ByteWriter().u8(1);
  const before = writer.finish();
  writer.u8(2);
  before[0] = 9;
  assert.deepEqual([...before], [9]);
  assert.deepEqual([...writer.finish()], [1, 2]);
});

test("finish() is empty when nothing was written", () => {
  assert.equal(new ByteWriter().finish().length, 0);
});

test("countedString() writes up to 255 characters", () => {
  const bytes = new ByteWriter().countedString("x".repeat(255)).finish();
  assert.equal(bytes.length, 256);
  assert.equal(bytes[0], 255);
});
