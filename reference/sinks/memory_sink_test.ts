import assert from "node:assert/strict";
import { test } from "node:test";
import { memorySink } from "./memory_sink.ts";

const BYTES = new Uint8Array([1, 2, 3]);

test("memorySink() grows to the highest position; holes are zeros", async () => {
  const sink = memorySink({ name: "sink" });
  assert.equal(sink.name, "sink");
  await sink.write(BYTES, 100);
  await sink.write(BYTES, 2);
  await sink.write(BYTES, 3);
  const bytes = sink.bytes();
  assert.equal(bytes.length, 103);
  assert.deepEqual([...bytes.subarray(0, 7)], [0, 0, 1, 1, 2, 3, 0]);
  assert.deepEqual([...bytes.subarray(100)], [1, 2, 3]);
});

test("setLength() truncates, and extends with zeros", async () => {
  const sink = memorySink();
  await sink.write(BYTES, 0);
  await sink.setLength(1);
  assert.deepEqual([...sink.bytes()], [1]);
  await sink.setLength(4);
  assert.deepEqual([...sink.bytes()], [1, 0, 0, 0]);
});

test("bytes() is a copy", async () => {
  const sink = memorySink();
  await sink.write(BYTES, 0);
  sink.bytes()[0] = 9;
  await sink.flush();
  await sink.commit();
  assert.deepEqual([...sink.bytes()], [1, 2, 3]);
});

test("abort() drops everything", async () => {
  const sink = memorySink();
  await sink.write(BYTES, 0);
  await sink.abort();
  assert.equal(sink.bytes().length, 0);
});
