import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import {
  memorySource,
  openSnapshotSync,
  RuleError,
  RULES,
  SourceError,
  type SyncSnapshot,
  verifySnapshot,
} from "../../../mod.ts";

/**
 * Opens bytes; returns undefined if they are refused correctly, by an error
 * with an existing rule and a position in the file.
 */
export function openOrRefuse(bytes: Uint8Array): SyncSnapshot | undefined {
  try {
    return openSnapshotSync(memorySource(bytes));
  } catch (error) {
    assertRefusal(error, bytes.length);
    return undefined;
  }
}

/** Throws an error that a file must not cause. */
export function assertRefusal(error: unknown, byteLength: number): void {
  if (!(error instanceof RuleError)) throw error;
  assert(Object.hasOwn(RULES, error.rule), error.rule);
  assert(Number.isSafeInteger(error.offset) && error.offset >= 0);
  assert(error.offset <= byteLength, error.message);
  assert.doesNotMatch(error.message, /\n|undefined|NaN/);
}

/**
 * Reads every block of an open snapshot, and compares it with a simple reading
 * of its bitmap: the stored bytes for a set bit, else zeros.
 */
export function compareMemory(snapshot: SyncSnapshot, bytes: Uint8Array): void {
  for (const block of snapshot.blocks) {
    if (block.ignored) continue;
    const { usedLength, pageSize, pageCount, bitmapOffset, pagesOffset } =
      block;
    const expected = Buffer.alloc(usedLength);
    for (let page = 0; page < pageCount; page++) {
      const bits = bytes[bitmapOffset + Math.floor(page / 8)];
      if (Math.floor(bits / 2 ** (page % 8)) % 2 === 0) continue;
      const start = page * pageSize;
      const stored = pagesOffset + start;
      expected.set(bytes.subarray(stored, stored + pageSize), start);
    }
    const found = new Uint8Array(usedLength).fill(0xa5);
    block.readIntoSync(found, 0);
    assert.equal(Buffer.compare(found, expected), 0, block.idstr);
  }
}

/** Verifies bytes; returns whether they are good. */
export async function verifyAnything(bytes: Uint8Array): Promise<boolean> {
  try {
    const { good, findings } = await verifySnapshot(memorySource(bytes));
    for (const finding of findings) assertRefusal(finding, bytes.length);
    return good;
  } catch (error) {
    if (!(error instanceof SourceError)) throw error;
    throw new Error("Memory cannot fail to be read", { cause: error });
  }
}
