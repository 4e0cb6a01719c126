import assert from "node:assert/strict";
import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { bitmapByteLength } from "../../format/bitmap/mod.ts";
import { openFileSource } from "../local/mod.ts";
import { openSnapshotSync } from "../reading/mod.ts";
import { createScratchSink } from "../scratch/mod.ts";
import { memorySink } from "../sinks/mod.ts";
import { memorySource, SourceError } from "../sources/mod.ts";
import { savedFile, testMemory } from "../testing/saved_file.ts";
import { ScratchFolder } from "../testing/scratch_folder.ts";
import { WatchedSink } from "../testing/watched_sink.ts";
import { WatchedSource } from "../testing/watched_source.ts";
import {
  type DeviceOnlyOptions,
  writeDeviceOnly,
} from "./write_device_only.ts";

const PAGE = 4096;
const RAM = testMemory(1000, [0, 5, 6, 7, 500, 999]);
const BIOS = testMemory(200, [3, 4, 199]);
const BLOCKS = { "pc.ram": RAM, "pc.bios": BIOS };

/** Returns the bytes of a file with these pages of "pc.ram" stale. */
async function staleFile(pages: readonly number[]): Promise<Uint8Array> {
  const bytes = await savedFile(BLOCKS, { machine: "pc-i440fx-10.0" });
  const snapshot = openSnapshotSync(memorySource(bytes));
  const { pagesOffset } = snapshot.block("pc.ram");
  // One byte is enough, and may be the last.
  for (const page of pages) bytes[pagesOffset + page * PAGE + 4095] = 1;
  return bytes;
}

async function deviceOnly(
  bytes: Uint8Array,
  options: Partial<DeviceOnlyOptions> = {},
) {
  const source = new WatchedSource(bytes);
  const snapshot = openSnapshotSync(source);
  const sink = memorySink();
  const mapped = ["pc.ram"];
  const summary = await writeDeviceOnly(snapshot, sink, { mapped, ...options });
  const written = openSnapshotSync(memorySource(sink.bytes()));
  return { snapshot, summary, written, source, sink };
}

test("writeDeviceOnly() keeps the stream and the other blocks, but no mapped page", async () => {
  const bytes = await staleFile([]);
  const { snapshot, summary, written, sink } = await deviceOnly(bytes);
  assert.deepEqual(summary, {
    byteLength: sink.bytes().length,
    copiedCount: 3,
    staleCount: 0,
  });
  assert.equal(written.machine, "pc-i440fx-10.0");
  assert.deepEqual(written.capabilities, snapshot.capabilities);
  assert.deepEqual(
    written.blocks.map(({ idstr, usedLength }) => [idstr, usedLength]),
    snapshot.blocks.map(({ idstr, usedLength }) => [idstr, usedLength]),
  );
  assert.deepEqual([...written.block("pc.ram").presentRunsSync()], []);
  assert.deepEqual([...written.block("pc.bios").presentRunsSync()], [
    { first: 3, end: 5 },
    { first: 199, end: 200 },
  ]);
  const bios = written.block("pc.bios");
  assert.deepEqual(bios.readRangeSync({ offset: 0, length: 200 * PAGE }), BIOS);
  const tail = bytes.subarray(snapshot.index.ramEnd);
  assert.deepEqual(sink.bytes().subarray(written.index.ramEnd), tail);
});

test("writeDeviceOnly() zeroes each stale page, and no other", async () => {
  const stale = [1, 4, 8, 9, 63, 64, 499, 501, 998];
  const { written, summary } = await deviceOnly(await staleFile(stale));
  assert.equal(summary.staleCount, stale.length);
  const block = written.block("pc.ram");
  const pages: number[] = [];
  for (const { first, end } of block.presentRunsSync()) {
    for (let page = first; page < end; page++) pages.push(page);
  }
  assert.deepEqual(pages, stale);
  const zeros = new Uint8Array(PAGE);
  for (const page of stale) assert.deepEqual(block.readPageSync(page), zeros);
});

test("writeDeviceOnly() reads no page outside of the data ranges", async () => {
  const bytes = await staleFile([1, 8, 9, 499]);
  const { pagesOffset } = openSnapshotSync(memorySource(bytes)).block("pc.ram");
  const at = (page: number) => pagesOffset + page * PAGE;
  const { summary, source, written } = await deviceOnly(bytes, {
    dataRanges: [
      { offset: 0, length: 100 },
      { offset: at(0), length: PAGE },
      { offset: at(5), length: 3 * PAGE },
      // Data need not start and end at a page boundary, and two ranges may
      // share a page.
      { offset: at(8) + 512, length: 512 },
      { offset: at(8) + 2048, length: PAGE },
      { offset: at(499) + 4000, length: 200 },
      { offset: at(1100), length: 50 * PAGE },
    ],
  });
  assert.equal(summary.staleCount, 3);
  assert.deepEqual([...written.block("pc.ram").presentRunsSync()], [
    { first: 8, end: 10 },
    { first: 499, end: 500 },
  ]);
  const inRam = source.ranges.filter(({ offset, length }) =>
    offset >= at(0) && offset + length <= at(1000)
  );
  assert.deepEqual(inRam, [
    { offset: at(8), length: PAGE },
    { offset: at(9), length: PAGE },
    { offset: at(499), length: PAGE },
  ]);
});

test("writeDeviceOnly() accepts several mapped blocks, or none", async () => {
  const bytes = await staleFile([2]);
  const both = await deviceOnly(bytes, { mapped: ["pc.bios", "pc.ram"] });
  assert.equal(both.summary.copiedCount, 0);
  assert.equal(both.summary.staleCount, 1);
  const none = await deviceOnly(bytes, { mapped: [] });
  assert.equal(none.summary.copiedCount, 9);
  const whole = { offset: 0, length: RAM.length };
  assert.deepEqual(none.written.block("pc.ram").readRangeSync(whole), RAM);
});

test("writeDeviceOnly() writes no bitmap of a mapped block", async () => {
  const source = new WatchedSource(await staleFile([]));
  const snapshot = openSnapshotSync(source);
  const sink = new WatchedSink(memorySink());
  await writeDeviceOnly(snapshot, sink, { mapped: ["pc.ram"] });
  const writes = sink.calls.filter((call) => call.startsWith("write"));
  const bitmap = `${bitmapByteLength(1000)}`;
  assert.ok(writes.every((call) => !call.endsWith(` ${bitmap}`)), `${writes}`);
});

test("writeDeviceOnly() aborts the sink when it fails", async () => {
  const bytes = await staleFile([]);
  const source = new WatchedSource(bytes);
  const snapshot = openSnapshotSync(source);
  const opened = source.ranges.length;
  const options = { mapped: ["pc.ram"] };
  const good = new WatchedSink(memorySink());
  await writeDeviceOnly(snapshot, good, options);
  const reads = source.ranges.length - opened;
  assert.ok(reads > 3 && good.calls.length > 3);
  for (let read = 0; read < reads; read++) {
    source.failing.clear();
    source.failing.add(source.ranges.length + read);
    const sink = new WatchedSink(memorySink());
    await assert.rejects(
      writeDeviceOnly(openAgain(), sink, options),
      source.error,
    );
    assert.equal(sink.calls.at(-1), "abort");
  }
  source.failing.clear();
  for (let call = 0; call < good.calls.length; call++) {
    const sink = new WatchedSink(memorySink());
    sink.failing = call;
    await assert.rejects(writeDeviceOnly(snapshot, sink, options), sink.error);
    assert.equal(sink.calls.at(-1), "abort");
  }

  /** Opens the snapshot anew, with no bitmap read yet. */
  function openAgain() {
    const failing = [...source.failing];
    source.failing.clear();
    const before = source.ranges.length;
    const again = openSnapshotSync(source);
    const shift = source.ranges.length - before;
    for (const read of failing) source.failing.add(read + shift);
    return again;
  }
});

test("writeDeviceOnly() rejects an unknown block, and when aborted", async () => {
  const snapshot = openSnapshotSync(memorySource(await staleFile([])));
  await assert.rejects(
    writeDeviceOnly(snapshot, memorySink(), { mapped: ["vram"] }),
    RangeError,
  );
  const signal = AbortSignal.abort(new Error("enough"));
  await assert.rejects(
    writeDeviceOnly(snapshot, memorySink(), { mapped: ["pc.ram"], signal }),
    /enough/,
  );
});

test("createScratchSink() creates a file only if none exists", async () => {
  using folder = new ScratchFolder();
  const path = folder.file("new");
  const sink = createScratchSink(path);
  await sink.write(new Uint8Array([7]), 2);
  await sink.setLength(5);
  await sink.flush();
  await sink.commit();
  assert.deepEqual([...readFileSync(path)], [0, 0, 7, 0, 0]);
  assert.throws(() => createScratchSink(path), SourceError);
  const other = createScratchSink(folder.file("other"));
  await other.abort();
  assert.deepEqual(folder.names(), ["new"]);
});

test("writeDeviceOnly() writes nothing if QEMU has mapped another file", async () => {
  using scratch = new ScratchFolder();
  const path = scratch.file("vm.mr");
  const bytes = await savedFile(BLOCKS);
  writeFileSync(path, bytes);
  using source = openFileSource(path);
  const snapshot = openSnapshotSync(source);
  const options = { mapped: ["pc.ram"], path };
  await writeDeviceOnly(snapshot, memorySink(), options);
  const other = scratch.file("other");
  writeFileSync(other, bytes);
  renameSync(other, path);
  const sink = new WatchedSink(memorySink());
  await assert.rejects(
    writeDeviceOnly(snapshot, sink, options),
    (error) => error instanceof SourceError && error.changed,
  );
  assert.equal(sink.calls.at(-1), "abort");
});
