import assert from "node:assert/strict";
import { test } from "node:test";
import {
  memorySource,
  openSnapshotSync,
  verifySnapshot,
} from "../../../mod.ts";
import { listVectors } from "../../vectors/list_vectors.ts";
import { compareMemory, openOrRefuse, verifyAnything } from "./read_plainly.ts";
import { richFile } from "./rich_file.ts";

const VECTORS = listVectors().filter(({ path }) => path.startsWith("valid/"));
const { bytes: RICH, ramEnd: RICH_RAM_END } = richFile();

test("richFile() is valid and has one of everything", async () => {
  const { findings, good } = await verifySnapshot(memorySource(RICH));
  assert(good);
  assert.deepEqual(
    [...new Set(findings.map(({ rule }) => rule))],
    ["pages-offset-mebibyte"],
  );
  const snapshot = openSnapshotSync(memorySource(RICH));
  assert.equal(snapshot.index.ramEnd, RICH_RAM_END);
  assert.equal(snapshot.index.earlySections.length, 1);
  compareMemory(snapshot, RICH);
});

/**
 * Checks that a file cut at `length` is refused, or read like the whole file.
 */
function checkCut(complete: Uint8Array, length: number, ramEnd: number): void {
  const bytes = complete.subarray(0, length);
  const snapshot = openOrRefuse(bytes);
  if (snapshot === undefined) return;
  assert(length >= ramEnd, `opened though cut at ${length}`);
  assert.deepEqual(
    snapshot.index.blocks,
    openSnapshotSync(memorySource(complete)).index.blocks,
  );
  compareMemory(snapshot, complete);
}

test("openSnapshot() refuses a file cut at any byte, or reads it correctly", async () => {
  for (let length = 0; length < RICH.length; length++) {
    checkCut(RICH, length, RICH_RAM_END);
    const good = await verifyAnything(RICH.subarray(0, length));
    // Only the vmdesc may be cut without a finding.
    assert(!good || length > RICH_RAM_END + 60, `${length}`);
  }
});

for (const name of ["no-blocks", "pages-right-after-header"]) {
  test(`openSnapshot() refuses vectors/valid/${name} cut at any byte`, () => {
    const { unpack } = VECTORS.find(({ path }) => path === `valid/${name}`)!;
    const complete = unpack();
    const { ramEnd } = openSnapshotSync(memorySource(complete)).index;
    for (let length = 0; length < complete.length; length++) {
      checkCut(complete, length, ramEnd);
    }
  });
}

test("openSnapshot() refuses every vector cut anywhere in its structure", {
  timeout: 300_000,
}, () => {
  for (const { path, expected, unpack } of VECTORS) {
    if (expected.blocks === undefined) continue; // another RAM layout
    const complete = unpack();
    if (complete.length > 3_000_000 || expected.options !== undefined) continue;
    const { index } = openSnapshotSync(memorySource(complete));
    const { ramSetup, blocks, ramEnd } = index;
    const listEnd = ramSetup.offset + ramSetup.length;
    // Most headers are alike, and other tests cut at every byte.
    const step = 3;
    const places: [number, number][] = [
      [0, ramSetup.offset],
      [listEnd - 8, Math.min(listEnd + 40, ramEnd)],
      [Math.max(listEnd, ramEnd - 50), ramEnd],
    ];
    for (const { entry: { offset, length } } of blocks.slice(0, 1)) {
      places.push([offset, offset + length]);
    }
    for (const [from, end] of places) {
      for (let length = from; length < end; length += step) {
        const cut = openOrRefuse(complete.subarray(0, length));
        assert(cut === undefined, `${path} opened though cut at ${length}`);
      }
    }
  }
});
