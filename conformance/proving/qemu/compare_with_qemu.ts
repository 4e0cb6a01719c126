import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import {
  openFileSource,
  type SyncByteSource,
  type SyncRAMBlock,
  type SyncSnapshot,
} from "../../../mod.ts";
import type { QmpClient } from "../../../reference/doors/qemu.ts";
import { assertSameBytes } from "./compare_snapshots.ts";
import { memoryMap, type MemoryRange } from "./memory_map.ts";
import type { ScratchDirectory } from "./scratch_directory.ts";

const DUMP = "pmemsave.bin";

/**
 * Compares every byte of memory that the guest sees with QEMU's pmemsave.
 *
 * Returns the number of bytes compared. Memory of a RAMBlock that is not mapped
 * at any address is not compared: QEMU dumps memory by address only.
 */
export async function compareWithQemu(
  snapshot: SyncSnapshot,
  qemu: { readonly qmp: QmpClient },
  scratch: ScratchDirectory,
): Promise<number> {
  let compared = 0;
  for (const range of await memoryMap(qemu)) {
    const block = snapshot.blocks.find(({ idstr }) =>
      idstr === range.name || idstr.endsWith(`/${range.name}`)
    );
    assert.ok(block, `no RAMBlock in the snapshot for ${range.name}`);
    const filename = scratch.file(DUMP);
    const args = { val: range.address, size: range.length, filename };
    await qemu.qmp.execute("pmemsave", args);
    using dump = openFileSource(filename);
    assertSameBytes(partOf(block, range), dump);
    compared += range.length;
  }
  return compared;
}

/** The part of a RAMBlock that is mapped at one address range. */
function partOf(block: SyncRAMBlock, range: MemoryRange): SyncByteSource {
  return {
    name: `${block.name} from offset ${range.offset}`,
    byteLength: range.length,
    readIntoSync: (target, offset) =>
      block.readIntoSync(target, range.offset + offset),
    readInto: (target, offset, options) =>
      block.readInto(target, range.offset + offset, options),
  };
}

/** Checks that exactly the bits of nonzero pages are set. */
export function checkPresentPages(block: SyncRAMBlock): void {
  const zeros = Buffer.alloc(block.pageSize);
  const page = Buffer.alloc(block.pageSize);
  for (let index = 0; index < block.pageCount; index++) {
    const present = block.hasPageSync(index);
    block.readPageIntoSync(page, index);
    assert.equal(present, !page.equals(zeros), `${block.idstr} page ${index}`);
  }
}
