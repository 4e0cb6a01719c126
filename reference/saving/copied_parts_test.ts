import assert from "node:assert/strict";
import { test } from "node:test";
import type { RamLayout } from "../../format/ram/mod.ts";
import { openSnapshotSync, verifySnapshot } from "../reading/mod.ts";
import { memorySource } from "../sources/mod.ts";
import { savedFile, testMemory } from "../testing/saved_file.ts";

const MEMORY = testMemory(100, [1, 2, 3, 64, 99]);
const ROM = testMemory(4, [0]);
const BLOCKS = { ram: MEMORY, rom: ROM };
const LAYOUTS: readonly RamLayout[] = [
  "mapped-ram",
  "fixed-ram-header",
  "fixed-ram-inline",
];

async function checkFile(bytes: Uint8Array, layout: RamLayout): Promise<void> {
  const source = memorySource(bytes);
  const snapshot = openSnapshotSync(source);
  assert.equal(snapshot.index.layout, layout);
  assert.deepEqual(snapshot.capabilities, [
    layout === "mapped-ram" ? "mapped-ram" : "fixed-ram",
  ]);
  for (const [idstr, memory] of Object.entries(BLOCKS)) {
    const { usedLength: length } = snapshot.block(idstr);
    const range = { offset: 0, length };
    assert.deepEqual(snapshot.block(idstr).readRangeSync(range), memory);
  }
  assert.deepEqual((await verifySnapshot(source)).findings, []);
}

for (const layout of LAYOUTS) {
  test(`saveSnapshot() writes ${layout} that can be read back`, async () => {
    await checkFile(await savedFile(BLOCKS, { layout }), layout);
  });

  test(`saveSnapshot() converts ${layout} to each layout`, async () => {
    const bytes = await savedFile(BLOCKS, { layout, machine: "pc" });
    const deviceStateFrom = openSnapshotSync(memorySource(bytes));
    for (const to of LAYOUTS) {
      const other = await savedFile(BLOCKS, { layout: to, deviceStateFrom });
      await checkFile(other, to);
      assert.equal(openSnapshotSync(memorySource(other)).machine, "pc");
      if (to === layout) assert.deepEqual(other, bytes);
    }
  });
}

test("saveSnapshot() writes an inline bitmap of whole words", async () => {
  const bytes = await savedFile({ ram: MEMORY }, {
    layout: "fixed-ram-inline",
  });
  const { bitmapOffset } = openSnapshotSync(memorySource(bytes)).block("ram");
  const view = new DataView(bytes.buffer, bitmapOffset - 12);
  assert.equal(view.getUint32(0), 16);
  assert.equal(view.getBigUint64(4), 0x100000n);
  // Pages 1 to 3, 64 and 99 of 100.
  assert.deepEqual(
    [...bytes.subarray(bitmapOffset, bitmapOffset + 16)],
    [0x0e, 0, 0, 0, 0, 0, 0, 0, 0x01, 0, 0, 0, 0x08, 0, 0, 0],
  );
});
