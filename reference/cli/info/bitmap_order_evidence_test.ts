import assert from "node:assert/strict";
import { test } from "node:test";
import { type BitmapOrder, toLsb0 } from "../../../format/bitmap/mod.ts";
import { openSnapshotSync } from "../../reading/mod.ts";
import { memorySource } from "../../sources/mod.ts";
import { savedFile, testMemory } from "../../testing/saved_file.ts";
import { bitmapOrderEvidence } from "./bitmap_order_evidence.ts";

/** Returns the evidence in a file of 70 pages with bitmaps in that order. */
async function evidenceOf(order: BitmapOrder, machine = "none") {
  const bytes = await savedFile(
    { ram: testMemory(70, [0, 9, 40, 69]) },
    { machine },
  );
  const { bitmapOffset } = openSnapshotSync(memorySource(bytes)).block("ram");
  const length = Math.ceil(70 / (8 * order.wordSize)) * order.wordSize;
  toLsb0(bytes.subarray(bitmapOffset, bitmapOffset + length), order);
  return await bitmapOrderEvidence(openSnapshotSync(memorySource(bytes)));
}

const names = (orders: readonly BitmapOrder[]) =>
  orders.map((it) => `${it.byteOrder} ${it.wordSize}`);

test("bitmapOrderEvidence() returns the orders that set no bit after the last page", async () => {
  const little = await evidenceOf({ byteOrder: "little", wordSize: 8 });
  assert.deepEqual(names(little.possible), ["little 8", "little 4"]);
  assert.equal(little.hasPadding, true);
  assert.equal(little.machineHint, undefined);
  const big = await evidenceOf({ byteOrder: "big", wordSize: 8 });
  assert.deepEqual(names(big.possible), ["big 8"]);
  const big4 = await evidenceOf({ byteOrder: "big", wordSize: 4 });
  assert.deepEqual(names(big4.possible), ["big 4"]);
});

test("bitmapOrderEvidence() takes the machine type only as a hint", async () => {
  const evidence = await evidenceOf(
    { byteOrder: "little", wordSize: 8 },
    "s390-ccw-virtio-9.0",
  );
  assert.deepEqual(evidence.machineHint, { byteOrder: "big", wordSize: 8 });
  assert.deepEqual(names(evidence.possible), ["little 8", "little 4"]);
});

test("bitmapOrderEvidence() reports if there is no padding", async () => {
  const bytes = await savedFile({ ram: testMemory(64, [0]) });
  const snapshot = openSnapshotSync(memorySource(bytes));
  const { hasPadding, possible } = await bitmapOrderEvidence(snapshot);
  assert.equal(hasPadding, false);
  assert.equal(possible.length, 4);
});
