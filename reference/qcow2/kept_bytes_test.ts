import assert from "node:assert/strict";
import { test } from "node:test";
import { KeptBytes } from "./kept_bytes.ts";

test("KeptBytes keeps the entries of all images that were used last", () => {
  const kept = new KeptBytes<Uint8Array>(100);
  const put = (image: number, number: number, length: number) =>
    kept.keep(image, number, new Uint8Array(length));
  const has = (image: number, number: number) =>
    kept.get(image, number) !== undefined;
  put(0, 1, 40);
  put(1, 1, 40);
  assert.ok(has(0, 1));
  put(2, 1, 20);
  assert.deepEqual([has(1, 1), has(2, 1), has(0, 1)], [true, true, true]);
  put(3, 2 ** 40, 1);
  assert.deepEqual([has(1, 1), has(2, 1), has(3, 2 ** 40)], [
    false,
    true,
    true,
  ]);
  assert.ok(has(0, 1));
  // The same again counts once.
  put(0, 1, 60);
  assert.deepEqual([has(0, 1), has(2, 1), has(3, 2 ** 40)], [true, true, true]);
});

test("KeptBytes keeps the latest entry, however large", () => {
  const kept = new KeptBytes<Uint8Array>(100);
  kept.keep(0, 1, new Uint8Array(10));
  kept.keep(0, 2, new Uint8Array(1000));
  assert.equal(kept.get(0, 1), undefined);
  assert.equal(kept.get(0, 2)?.length, 1000);
  kept.keep(0, 3, new Uint8Array(1));
  assert.equal(kept.get(0, 2), undefined);
});
