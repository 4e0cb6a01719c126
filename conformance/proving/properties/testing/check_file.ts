import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import {
  memorySource,
  openSnapshotSync,
  verifySnapshot,
} from "../../../../mod.ts";
import { type Memory, pageOf } from "./machine_model.ts";

/**
 * Checks that a file holds this memory, stores no zero page, and breaks no
 * rule.
 */
export async function checkFile(
  file: Uint8Array,
  memory: Memory,
): Promise<void> {
  const source = memorySource(file);
  const snapshot = openSnapshotSync(source);
  assert.deepEqual(snapshot.blocks.map((it) => it.idstr), [...memory.keys()]);
  for (const [idstr, bytes] of memory) {
    const found = new Uint8Array(bytes.length).fill(0xa5);
    const block = snapshot.block(idstr);
    block.readIntoSync(found, 0);
    assert.equal(Buffer.compare(found, bytes), 0, idstr);
    for (let index = 0; index < block.pageCount; index++) {
      const page = pageOf(bytes, { index, pageSize: block.pageSize });
      const present = Buffer.compare(page, new Uint8Array(page.length)) !== 0;
      assert.equal(block.hasPageSync(index), present, `${idstr} page ${index}`);
    }
  }
  const { findings, good } = await verifySnapshot(source, { pages: true });
  assert.deepEqual(findings, []);
  assert(good);
}
