import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import {
  type ByteSink,
  createFileSink,
  createSnapshot,
  openFileSource,
  openSnapshotSync,
  type SyncByteSource,
  verifySnapshot,
} from "../../../mod.ts";
import { processorTime } from "../../../reference/testing/processor_time.ts";
import { richFile } from "./rich_file.ts";
import { SparseStore } from "./sparse_store.ts";

const PAGE = 4096;
const GIB = 2 ** 30;
const TIB = 2 ** 40;

/** Saves a block whose first, last and one middle page are present. */
async function saveLarge(sink: ByteSink, usedLength: number): Promise<void> {
  const writer = await createSnapshot(sink, [{ idstr: "ram", usedLength }]);
  const block = writer.block("ram");
  const last = block.pageCount - 1;
  for (const page of [last, 0, Math.floor(last / 3)]) {
    await block.writePage(page, new Uint8Array(PAGE).fill(page % 250 + 1));
  }
  await writer.finish();
}

function checkPages(source: SyncByteSource): void {
  const block = openSnapshotSync(source).block("ram");
  const last = block.pageCount - 1;
  const third = Math.floor(last / 3);
  for (const page of [0, third, last]) {
    const bytes = block.readPageSync(page);
    assert(bytes.every((byte) => byte === page % 250 + 1));
  }
  assert(block.readPageSync(last - 1).every((byte) => byte === 0));
  const runs = [0, third, last].map((page) => ({ first: page, end: page + 1 }));
  assert.deepEqual([...block.presentRunsSync()], runs);
}

test("openSnapshot() makes the same number of reads for 1 TiB as for 1 GiB", async () => {
  const counts: number[] = [];
  for (const usedLength of [GIB, TIB]) {
    const store = new SparseStore();
    await saveLarge(store, usedLength);
    const block = openSnapshotSync(store).block("ram");
    counts.push(store.reads);
    assert(store.bytesRead < 10_000);
    const before = store.reads;
    block.readPageSync(block.pageCount - 1);
    assert.equal(store.reads, before + 2); // a piece of the bitmap, a page
    checkPages(store);
  }
  assert.equal(counts[0], counts[1]);
  assert(counts[0] <= 3);
});

test("openSnapshot() opens a sparse file of 1 TiB", async () => {
  const folder = mkdtempSync(join(tmpdir(), "mapped-ram-"));
  try {
    const path = join(folder, "large");
    await saveLarge(createFileSink(path), TIB);
    using source = openFileSource(path);
    assert(source.byteLength > TIB);
    checkPages(source);
    const report = await verifySnapshot(source, { pages: true });
    assert.equal(report.presentPages, 3);
    assert.deepEqual(report.findings, []);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

/** The rich file with many further RAM PARTs, generated when read. */
class ManyParts implements SyncByteSource {
  readonly name = "parts";
  readonly byteLength: number;
  reads = 0;
  static readonly part = Uint8Array.of(
    ...[2, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0x10, 0x7e, 0, 0, 0, 1],
  );
  readonly #before: Uint8Array;
  readonly #tail: Uint8Array;
  readonly #partsLength: number;

  constructor(count: number) {
    const { bytes, ramEnd } = richFile({ early: false });
    const at = ramEnd - ManyParts.part.length; // where END starts
    this.#before = bytes.subarray(0, at);
    this.#tail = bytes.subarray(at);
    this.#partsLength = count * ManyParts.part.length;
    this.byteLength = bytes.length + this.#partsLength;
  }

  readIntoSync(target: Uint8Array, offset: number): void {
    this.reads++;
    const { length } = this.#before;
    for (let index = 0; index < target.length; index++) {
      const at = offset + index - length;
      target[index] = at < 0
        ? this.#before[at + length]
        : at < this.#partsLength
        ? ManyParts.part[at % ManyParts.part.length]
        : this.#tail[at - this.#partsLength];
    }
  }

  readInto(target: Uint8Array, offset: number): Promise<void> {
    this.readIntoSync(target, offset);
    return Promise.resolve();
  }
}

test("openSnapshot() reads 100,000 PARTs in few reads, and does not store them", () => {
  const parts = new ManyParts(100_000);
  const { index } = openSnapshotSync(parts);
  assert.equal(index.ramPartCount, 100_002);
  assert(parts.reads < 20, `${parts.reads}`);
  assert.equal(index.started.size, 2);
});

test("openSnapshot() uses constant memory and linear time for PARTs", () => {
  const measure = (count: number) => {
    const start = processorTime();
    openSnapshotSync(new ManyParts(count));
    return processorTime() - start;
  };
  measure(100_000); // a warm-up, so that the code is compiled
  const before = process.memoryUsage().heapUsed;
  const [few, many] = [measure(100_000), measure(400_000)];
  const grown = process.memoryUsage().heapUsed - before;
  assert(many < 20 * few + 1000, `${few} and ${many} ms`);
  assert(grown < 100 * 2 ** 20, `${grown} bytes`);
});
