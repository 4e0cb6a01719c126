import assert from "node:assert/strict";
import { test } from "node:test";
import { openSnapshotSync, verifySnapshot } from "../../../mod.ts";
import { EndlessSource } from "./endless_source.ts";
import { assertRefusal } from "./read_plainly.ts";
import { richFile } from "./rich_file.ts";

const MIB = 2 ** 20;

/** Hostile values of a field, as bytes. */
const NUMBERS = [
  "ffffffff",
  "7fffffff",
  "ffffffffffffffff",
  "7fffffffffffffff",
  "001fffffffffffff",
  "001ffffffffff000",
  "000fffffffffff00",
].map((hex) => hex.match(/../g)!.map((it) => parseInt(it, 16)));

/**
 * Yields the file with each of those numbers at every `step`-th position
 * outside its pages and its vmdesc.
 */
function* hostileFiles(step = 1): Generator<Uint8Array> {
  const { bytes, pages } = richFile({ early: false });
  const text = new TextDecoder("latin1").decode(bytes);
  const vmdesc = text.indexOf('{"page_size"');
  for (let at = 0; at < vmdesc - 8; at += step) {
    if (pages.some(([start, end]) => at >= start && at < end)) continue;
    for (const number of NUMBERS) {
      const changed = bytes.slice();
      changed.set(number, at);
      yield changed;
    }
  }
}

/** Opens a file and, if that succeeds, reads a little of each block. */
function openEndless(bytes: Uint8Array): EndlessSource {
  const source = new EndlessSource(bytes);
  try {
    const snapshot = openSnapshotSync(source);
    for (const block of snapshot.blocks) {
      if (block.ignored || block.pageCount === 0) continue;
      block.readPageSync(0);
      block.readPageSync(block.pageCount - 1);
    }
  } catch (error) {
    assertRefusal(error, source.byteLength);
  }
  return source;
}

test("openSnapshot() reads little, whatever number is in any field", () => {
  for (const bytes of hostileFiles()) {
    const source = openEndless(bytes);
    assert(source.largestRead <= MIB, `${source.largestRead}`);
    assert(source.bytesAsked <= 2 * MIB, `${source.bytesAsked}`);
    assert(source.reads < 40);
  }
});

test("openSnapshot() searches for a vmdesc in a bounded part of the file", () => {
  const { bytes } = richFile();
  const text = new TextDecoder("latin1").decode(bytes);
  const brace = text.indexOf('{"page_size"');
  bytes.set([0xff, 0xff, 0xff, 0xff], brace - 4); // its length
  const source = openEndless(bytes);
  assert(source.largestRead <= MIB);
  assert(source.bytesAsked <= 257 * MIB);
  bytes.set([3, 0xff, 0xff, 0xff], brace - 4); // a length within the limit
  assert(openEndless(bytes).largestRead <= 64 * MIB);
});

test("verifySnapshot() reads little, whatever number is in any field", async () => {
  for (const bytes of hostileFiles(11)) {
    const source = new EndlessSource(bytes);
    const { findings } = await verifySnapshot(source);
    for (const finding of findings) assertRefusal(finding, source.byteLength);
    // A device of the wrong length makes it search 252 MiB for the vmdesc.
    assert(source.largestRead <= 64 * MIB, `${source.largestRead}`);
    assert(source.bytesAsked <= 330 * MIB, `${source.bytesAsked}`);
  }
});
