import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { openSnapshot } from "../reading/mod.ts";
import { createFileSink, memorySink } from "../sinks/mod.ts";
import { savedFile, testMemory } from "../testing/saved_file.ts";
import { ScratchFolder } from "../testing/scratch_folder.ts";
import { WatchedSink } from "../testing/watched_sink.ts";
import { WatchedSource } from "../testing/watched_source.ts";
import type { Progress } from "../work/mod.ts";
import { exportImage } from "./export_image.ts";

const PAGE = 4096;
const MEMORY = testMemory(600, [
  ...[0, 1, 7, 599],
  ...Array.from({ length: 300 }, (_, index) => 100 + index),
]);
const FILE = await savedFile({ ram: MEMORY });

async function open(parallelReads?: number) {
  const source = new WatchedSource(FILE);
  if (parallelReads !== undefined) Object.assign(source, { parallelReads });
  return { source, block: (await openSnapshot(source)).block("ram") };
}

test("exportImage() writes the memory without the zero pages", async () => {
  for (const parallelReads of [undefined, 1, 6]) {
    const { block } = await open(parallelReads);
    const image = memorySink();
    const sink = new WatchedSink(image);
    await exportImage(block, sink);
    assert.deepEqual(image.bytes(), MEMORY);
    assert.equal(sink.calls[0], "setLength");
    assert.equal(sink.calls.at(-1), "commit");
    const written = sink.calls.filter((it) => it.startsWith("write"))
      .reduce((sum, it) => sum + Number(it.split(" ")[2]), 0);
    assert.equal(written, 304 * PAGE);
  }
});

test("exportImage() reads once per run or piece of a run", async () => {
  const { source, block } = await open();
  source.ranges.length = 0;
  await exportImage(block, memorySink());
  // The bitmap, four runs, and the places where a run is cut into pieces.
  assert(source.ranges.length <= 1 + 4 + 10, `${source.ranges.length}`);
});

test("exportImage() reads pages of the maximum size", async () => {
  const memory = testMemory(3, [0, 2], 2 ** 20);
  const file = await savedFile({ ram: memory }, { pageSize: 2 ** 20 });
  const snapshot = await openSnapshot(new WatchedSource(file));
  const image = memorySink();
  await exportImage(snapshot.block("ram"), image);
  assert.equal(image.bytes().findIndex((it, at) => it !== memory[at]), -1);
});

test("exportImage() writes an all-zero block as one hole", async () => {
  const file = await savedFile({ ram: new Uint8Array(8 * PAGE) });
  const snapshot = await openSnapshot(new WatchedSource(file));
  const sink = new WatchedSink(memorySink());
  await exportImage(snapshot.block("ram"), sink);
  assert.deepEqual(sink.calls, ["setLength", "commit"]);
});

test("exportImage() keeps the old file when anything fails", async () => {
  using scratch = new ScratchFolder();
  const path = scratch.file("old");
  writeFileSync(path, "old");
  const { source, block } = await open();
  const opening = source.ranges.length;
  const complete = new WatchedSink(memorySink());
  await exportImage(block, complete);
  for (let number = 0; number < source.ranges.length - opening; number++) {
    const failing = await open();
    failing.source.failing.add(opening + number);
    const sink = createFileSink(path, { force: true });
    await assert.rejects(
      exportImage(failing.block, sink),
      failing.source.error,
    );
    assert.deepEqual(scratch.names(), ["old"]);
  }
  for (let number = 0; number < complete.calls.length; number++) {
    const sink = new WatchedSink(createFileSink(path, { force: true }));
    sink.failing = number;
    await assert.rejects(exportImage(block, sink), sink.error);
    assert.deepEqual(scratch.names(), ["old"]);
  }
  assert.equal(readFileSync(path, "utf8"), "old");
});

test("exportImage() stops all lanes when one fails, then aborts", async () => {
  const { source, block } = await open(6);
  source.failing.add(source.ranges.length + 2);
  const sink = new WatchedSink(memorySink());
  await assert.rejects(exportImage(block, sink), source.error);
  const calls = sink.calls.length;
  assert.equal(sink.calls.at(-1), "abort");
  await new Promise((resolve) => setTimeout(resolve, 20));
  assert.equal(sink.calls.length, calls); // nothing is written after the abort
});

test("exportImage() reports progress that never goes back", async () => {
  for (const parallelReads of [1, 6]) {
    const steps: Progress[] = [];
    const { block } = await open(parallelReads);
    const present = await Array.fromAsync(block.presentRuns());
    const zero = MEMORY.length - block.pageSize *
        present.reduce((sum, { first, end }) => sum + end - first, 0);
    await exportImage(block, memorySink(), {
      onProgress: (step) => void steps.push(step),
    });
    assert.deepEqual(steps, steps.toSorted((a, b) => a.done - b.done));
    assert.deepEqual(steps.at(-1), {
      idstr: "ram",
      done: MEMORY.length,
      total: MEMORY.length,
      zero,
      skipped: zero,
    });
  }
});

test("exportImage() rejects with the signal's reason and keeps nothing", async () => {
  const reason = new Error("enough");
  const { block } = await open();
  const sink = new WatchedSink(memorySink());
  const signal = AbortSignal.abort(reason);
  await assert.rejects(exportImage(block, sink, { signal }), reason);
  assert.equal(sink.calls.at(-1), "abort");
});
