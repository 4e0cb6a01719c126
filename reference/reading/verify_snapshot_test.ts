import assert from "node:assert/strict";
import { test } from "node:test";
import { memorySource } from "../sources/mod.ts";
import { savedFile, testMemory } from "../testing/saved_file.ts";
import { WatchedSource } from "../testing/watched_source.ts";
import type { Progress } from "../work/mod.ts";
import { verifySnapshot } from "./verify_snapshot.ts";

const PAGE = 4096;
const MEMORY = testMemory(10, [1, 2, 3, 9]);
const FILE = await savedFile({ ram: MEMORY, rom: testMemory(3, [0]) });
/** Offsets of the entry of "ram", its header, and its bitmap. */
const ENTRY = 0x59;
const HEADER = ENTRY + 4 + 8;
const BITMAP = HEADER + 28;

/** The file with big-endian fields changed. */
function edited(
  ...fields: [offset: number, length: 1 | 8, value: number][]
): Uint8Array {
  const bytes = FILE.slice();
  const view = new DataView(bytes.buffer);
  for (const [offset, length, value] of fields) {
    if (length === 1) view.setUint8(offset, value);
    else view.setBigUint64(offset, BigInt(value));
  }
  return bytes;
}

async function rulesOf(bytes: Uint8Array): Promise<string[]> {
  const { findings } = await verifySnapshot(memorySource(bytes));
  return findings.map(({ rule }) => rule);
}

test("verifySnapshot() finds no errors in a file of saveSnapshot()", async () => {
  const report = await verifySnapshot(memorySource(FILE));
  assert.deepEqual(report.findings, []);
  assert.equal(report.good, true);
  assert.equal(report.snapshot?.blocks.length, 2);
  assert.equal(report.deviceState?.end, FILE.length);
  assert.equal(report.presentPages, undefined);
});

test("verifySnapshot() reports several findings at once, good or not", async () => {
  const padded = edited([BITMAP + 1, 1, 0x80]);
  const cut = padded.slice(0, -1); // truncates the vmdesc
  assert.deepEqual(await rulesOf(cut), [
    "vmdesc-present",
    "bitmap-padding-clear",
  ]);
  assert.equal((await verifySnapshot(memorySource(cut))).good, true);

  const moved = edited([HEADER + 12, 8, 0x100001]); // into the pages of ram
  assert.deepEqual(await rulesOf(moved), [
    "bitmap-after-header",
    "bitmap-disjoint",
  ]);
  assert.equal((await verifySnapshot(memorySource(moved))).good, false);
});

test("verifySnapshot() ends with the error after which it cannot read", async () => {
  const wrong = edited([HEADER + 4, 8, 0x1001]);
  const report = await verifySnapshot(memorySource(wrong));
  assert.deepEqual(report.findings.map(({ rule }) => rule), [
    "page-size-valid",
  ]);
  assert.equal(report.good, false);
  assert.equal(report.snapshot, undefined);
});

test("verifySnapshot() checks the RAM even if the device state is bad", async () => {
  const { snapshot } = await verifySnapshot(memorySource(FILE));
  const end = snapshot!.index.ramEnd;
  const report = await verifySnapshot(
    memorySource(edited([end, 1, 9], [BITMAP + 1, 1, 0x80])),
  );
  assert.deepEqual(
    report.findings.map(({ rule, offset }) => [rule, offset]),
    [["item-type", end], ["bitmap-padding-clear", BITMAP]],
  );
  assert.equal(report.deviceState, undefined);
  assert.equal(report.snapshot?.blocks.length, 2);
});

test("verifySnapshot() reports a file truncated after RAM's END", async () => {
  const { snapshot } = await verifySnapshot(memorySource(FILE));
  const report = await verifySnapshot(
    memorySource(FILE.subarray(0, snapshot!.index.ramEnd)),
  );
  assert.deepEqual(report.findings.map(({ rule }) => rule), ["eof-present"]);
  assert.equal(report.good, false);
});

test("verifySnapshot() counts pages, and those that could be omitted", async () => {
  const bytes = FILE.slice();
  const { snapshot } = await verifySnapshot(memorySource(FILE));
  const { pagesOffset } = snapshot!.block("ram");
  bytes.fill(0, pagesOffset + 2 * PAGE, pagesOffset + 3 * PAGE);
  const steps: Progress[] = [];
  const report = await verifySnapshot(memorySource(bytes), {
    pages: true,
    onProgress: (step) => void steps.push(step),
  });
  assert.equal(report.presentPages, 5);
  assert.equal(report.presentZeroPages, 1);
  assert.deepEqual(steps, steps.toSorted((a, b) => a.done - b.done));
  const { done, skipped = 0 } = steps.at(-1)!;
  assert.equal(done - skipped, 5 * PAGE);
});

test("verifySnapshot() reads no page unless requested", async () => {
  const source = new WatchedSource(FILE);
  const { snapshot } = await verifySnapshot(source);
  const { pagesOffset, usedLength } = snapshot!.block("ram");
  assert(
    source.ranges.every(({ offset, length }) =>
      offset + length <= pagesOffset || offset >= pagesOffset + usedLength
    ),
  );
});

test("verifySnapshot() rejects with errors of the source, at any read", async () => {
  const complete = new WatchedSource(FILE);
  await verifySnapshot(complete, { pages: true });
  for (let number = 0; number < complete.ranges.length; number++) {
    const source = new WatchedSource(FILE);
    source.failing.add(number);
    await assert.rejects(verifySnapshot(source, { pages: true }), source.error);
  }
});

test("verifySnapshot() stops with the signal's reason", async () => {
  const reason = new Error("enough");
  const signal = AbortSignal.abort(reason);
  await assert.rejects(verifySnapshot(memorySource(FILE), { signal }), reason);
});

test("verifySnapshot() starts at the given offset", async () => {
  const report = await verifySnapshot(memorySource(FILE), { offset: 1 });
  assert.equal(report.findings[0].rule, "stream-magic");
  assert.equal(report.findings[0].offset, 1);
  await assert.rejects(
    verifySnapshot(memorySource(FILE), { offset: -1 }),
    RangeError,
  );
});
