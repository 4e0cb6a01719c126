import assert from "node:assert/strict";
import { test } from "node:test";
import { memorySource } from "./memory_source.ts";
import { SourceError } from "./source_error.ts";

test("memorySource() reads ranges of a view and sees its changes", async () => {
  const bytes = new Uint8Array([9, 1, 2, 3, 9]).subarray(1, 4);
  const source = memorySource(bytes);
  assert.equal(source.byteLength, 3);
  assert.equal(source.name, "memory");
  const target = new Uint8Array(2);
  await source.readInto(target, 1);
  assert.deepEqual([...target], [2, 3]);
  bytes[0] = 7;
  source.readIntoSync(target, 0);
  assert.deepEqual([...target], [7, 2]);
  source.readIntoSync(new Uint8Array(0), 3);
});

test("readInto() refuses a range that is not completely inside", async () => {
  const source = memorySource(new Uint8Array(3), { name: "three" });
  for (const [offset, length] of [[3, 1], [2, 2], [0, 4]]) {
    const target = new Uint8Array(length);
    const expected = { name: "SourceError", range: { offset, length } };
    assert.throws(() => source.readIntoSync(target, offset), expected);
    await assert.rejects(source.readInto(target, offset), expected);
  }
  for (const offset of [-1, 0.5, NaN, Infinity]) {
    await assert.rejects(
      source.readInto(new Uint8Array(0), offset),
      RangeError,
    );
  }
});

test("readInto() rejects with the signal's reason", async () => {
  const reason = new Error("enough");
  const source = memorySource(new Uint8Array(3));
  await assert.rejects(
    source.readInto(new Uint8Array(1), 0, {
      signal: AbortSignal.abort(reason),
    }),
    reason,
  );
});

test("SourceError carries source, range and cause", () => {
  const cause = new Error("beneath");
  const range = { offset: 1, length: 2 };
  const error = new SourceError("x", 'Cannot read "x"', { cause, range });
  assert.equal(error.name, "SourceError");
  assert.equal(error.source, "x");
  assert.deepEqual(error.range, range);
  assert.equal(error.cause, cause);
  assert.equal(new SourceError("x", "").range, undefined);
});
