import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import type { SyncByteSource, SyncSnapshot } from "../../../mod.ts";

const CHUNK = 0x100000;

/** Checks that two snapshots have the same RAMBlocks with the same bytes. */
export function assertSameMemory(
  actual: SyncSnapshot,
  expected: SyncSnapshot,
): void {
  assert.deepEqual(
    actual.blocks.map(({ idstr }) => idstr).toSorted(),
    expected.blocks.map(({ idstr }) => idstr).toSorted(),
  );
  for (const block of expected.blocks) {
    assertSameBytes(actual.block(block.idstr), block);
  }
}

/**
 * Checks that two sources hold the same bytes; the error names the first
 * difference.
 */
export function assertSameBytes(
  actual: SyncByteSource,
  expected: SyncByteSource,
): void {
  assert.equal(actual.byteLength, expected.byteLength, actual.name);
  const ours = Buffer.alloc(CHUNK);
  const theirs = Buffer.alloc(CHUNK);
  for (let at = 0; at < expected.byteLength; at += CHUNK) {
    const length = Math.min(CHUNK, expected.byteLength - at);
    actual.readIntoSync(ours.subarray(0, length), at);
    expected.readIntoSync(theirs.subarray(0, length), at);
    if (ours.compare(theirs, 0, length, 0, length) === 0) continue;
    const index = ours.findIndex((value, index) => value !== theirs[index]);
    assert.fail(
      `${actual.name} differs from ${expected.name} at ${at + index}`,
    );
  }
}
