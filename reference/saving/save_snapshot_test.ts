import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { openSnapshotSync } from "../reading/mod.ts";
import { createFileSink, memorySink } from "../sinks/mod.ts";
import { memorySource } from "../sources/mod.ts";
import { testMemory } from "../testing/saved_file.ts";
import { ScratchFolder } from "../testing/scratch_folder.ts";
import { WatchedSink } from "../testing/watched_sink.ts";
import { WatchedSource } from "../testing/watched_source.ts";
import type { Progress } from "../work/mod.ts";
import type { RAMBlockInput } from "./save_options.ts";
import { importImages, saveSnapshot } from "./save_snapshot.ts";

const PAGE = 4096;
const MEMORY = testMemory(300, [1, 2, 5, 64, 200, 298, 299]);
const ROM = testMemory(4, [3]);

function inputs(): (RAMBlockInput & { source: WatchedSource })[] {
  return [
    { idstr: "pc.ram", source: new WatchedSource(MEMORY) },
    { idstr: "pc.rom", source: new WatchedSource(ROM) },
  ];
}

test("saveSnapshot() writes a file that can be read back", async () => {
  const sink = memorySink();
  const summary = await saveSnapshot(sink, inputs(), { machine: "pc" });
  const bytes = sink.bytes();
  assert.deepEqual(summary, {
    byteLength: bytes.length,
    blocks: [
      { idstr: "pc.ram", pageCount: 300, presentCount: 7 },
      { idstr: "pc.rom", pageCount: 4, presentCount: 1 },
    ],
  });
  const snapshot = openSnapshotSync(memorySource(bytes));
  assert.equal(snapshot.machine, "pc");
  assert.deepEqual(snapshot.capabilities, ["mapped-ram"]);
  for (
    const [idstr, memory] of [["pc.ram", MEMORY], ["pc.rom", ROM]] as const
  ) {
    const block = snapshot.block(idstr);
    assert.deepEqual(
      block.readRangeSync({ offset: 0, length: memory.length }),
      memory,
    );
  }
});

test("saveSnapshot() saves blocks longer or shorter than their sources", async () => {
  const sink = memorySink();
  const source = memorySource(MEMORY.subarray(0, 5 * PAGE + 100));
  await saveSnapshot(sink, [
    { idstr: "longer", source, usedLength: 8 * PAGE },
    { idstr: "shorter", source, usedLength: 2 * PAGE },
    {
      idstr: "zero",
      source: memorySource(new Uint8Array(0)),
      usedLength: PAGE,
    },
  ]);
  const snapshot = openSnapshotSync(memorySource(sink.bytes()));
  const longer = new Uint8Array(8 * PAGE);
  longer.set(MEMORY.subarray(0, 5 * PAGE + 100));
  const readAll = (idstr: string, length: number) =>
    snapshot.block(idstr).readRangeSync({ offset: 0, length });
  assert.deepEqual(readAll("longer", 8 * PAGE), longer);
  assert.deepEqual(readAll("shorter", 2 * PAGE), MEMORY.slice(0, 2 * PAGE));
  assert.deepEqual(readAll("zero", PAGE), new Uint8Array(PAGE));
});

test("saveSnapshot() writes the EOS word of the list last", async () => {
  const sink = new WatchedSink(memorySink());
  await saveSnapshot(sink, inputs());
  assert.deepEqual(sink.calls.slice(-3), [
    "flush",
    `write 0x${(0x100000 * 3 + 4 * PAGE).toString(16)} 8`,
    "commit",
  ]);
  const writes = sink.calls.filter((it) => it.startsWith("write")).length;
  assert.equal(sink.calls[0], "setLength");
  assert.equal(writes, sink.calls.length - 3);
});

test("saveSnapshot() reports progress", async () => {
  const steps: Progress[] = [];
  const onProgress = (progress: Progress) => void steps.push(progress);
  await saveSnapshot(memorySink(), inputs(), { onProgress });
  const total = MEMORY.length + ROM.length;
  assert(steps.every((step) => step.total === total));
  assert.deepEqual(steps, steps.toSorted((a, b) => a.done - b.done));
  const zero = total - 8 * 4096;
  const last = { idstr: "pc.rom", done: total, zero, total };
  assert.deepEqual(steps.at(-1), { ...last, skipped: 0 });
});

test("saveSnapshot() reports how much it has skipped", async () => {
  const steps: Progress[] = [];
  const onProgress = (progress: Progress) => void steps.push(progress);
  const chunk = 0x40000;
  const source = memorySource(new Uint8Array(16 * chunk).fill(1, 8 * chunk));
  const dataRanges = [{ offset: 8 * chunk, length: 8 * chunk }];
  const ram = { idstr: "ram", source, dataRanges };
  await saveSnapshot(memorySink(), [ram], { onProgress });
  assert(steps.length > 1);
  for (const { skipped } of steps) assert.equal(skipped, 8 * chunk);
});

test("saveSnapshot() keeps the old file when the source fails at any read", async () => {
  using scratch = new ScratchFolder();
  const path = scratch.file("old");
  writeFileSync(path, "old");
  const reads = inputs();
  await saveSnapshot(memorySink(), reads);
  for (const [which, { source: { ranges } }] of reads.entries()) {
    assert(ranges.length > 0);
    for (let number = 0; number < ranges.length; number++) {
      const failing = inputs();
      const { source } = failing[which];
      source.failing.add(number);
      const sink = createFileSink(path, { force: true });
      await assert.rejects(saveSnapshot(sink, failing), source.error);
      assert.equal(readFileSync(path, "utf8"), "old");
      assert.deepEqual(scratch.names(), ["old"]);
    }
  }
});

test("saveSnapshot() keeps the old file when the sink fails at any call", async () => {
  using scratch = new ScratchFolder();
  const path = scratch.file("old");
  writeFileSync(path, "old");
  const complete = new WatchedSink(memorySink());
  await saveSnapshot(complete, inputs());
  for (let number = 0; number < complete.calls.length; number++) {
    const sink = new WatchedSink(createFileSink(path, { force: true }));
    sink.failing = number;
    await assert.rejects(saveSnapshot(sink, inputs()), sink.error);
    assert.deepEqual(sink.calls, [
      ...complete.calls.slice(0, number + 1),
      "abort",
    ]);
    assert.equal(readFileSync(path, "utf8"), "old");
    assert.deepEqual(scratch.names(), ["old"]);
  }
});

test("saveSnapshot() leaves no valid file when it is interrupted at any call", async () => {
  const complete = new WatchedSink(memorySink());
  await saveSnapshot(complete, inputs());
  for (let number = 0; number < complete.calls.length - 1; number++) {
    const kept = memorySink();
    let bytes = new Uint8Array(0);
    const sink = new WatchedSink({
      ...kept,
      abort: () => Promise.resolve(void (bytes = kept.bytes())),
    });
    sink.failing = number;
    await assert.rejects(saveSnapshot(sink, inputs()), sink.error);
    assert.throws(() => openSnapshotSync(memorySource(bytes)), {
      name: "FormatError",
    }, complete.calls[number]);
  }
});

test("saveSnapshot() aborts the sink when an argument is invalid", async () => {
  const source = memorySource(new Uint8Array(PAGE));
  const block = { idstr: "ram", source };
  for (
    const [blocks, options] of [
      [[block, block], {}],
      [[{ ...block, idstr: "" }], {}],
      [[{ ...block, usedLength: 100 }], {}],
      [[{ ...block, usedLength: 0 }], {}],
      [[block], { machine: "" }],
      [[block], { pageSize: 100 }],
      [[block], { pageSize: 128 }],
      [[block], { pageSize: 2 ** 21 }],
      [[block], { pageSize: NaN }],
      [[block], { targetPageBits: 13 }],
    ] as const
  ) {
    const sink = new WatchedSink(memorySink());
    await assert.rejects(saveSnapshot(sink, blocks, options), RangeError);
    assert.deepEqual(sink.calls, ["abort"]);
  }
});

test("saveSnapshot() rejects with the signal's reason and keeps nothing", async () => {
  const reason = new Error("enough");
  const signal = AbortSignal.abort(reason);
  const sink = new WatchedSink(memorySink());
  await assert.rejects(saveSnapshot(sink, inputs(), { signal }), reason);
  assert.equal(sink.calls.at(-1), "abort");

  const controller = new AbortController();
  const later = new WatchedSink(memorySink());
  await assert.rejects(
    saveSnapshot(later, inputs(), {
      signal: controller.signal,
      onProgress: () => controller.abort(reason),
    }),
    reason,
  );
  assert.equal(later.calls.at(-1), "abort");
});

test("importImages() fills the last page of an image with zeros", async () => {
  for (const pageSize of [1024, 4096, 65_536]) {
    const sink = memorySink();
    const image = memorySource(MEMORY.subarray(0, 70_001));
    await importImages(sink, { "pc.ram": image }, { pageSize });
    const snapshot = openSnapshotSync(memorySource(sink.bytes()));
    const block = snapshot.block("pc.ram");
    assert.equal(block.usedLength, Math.ceil(70_001 / pageSize) * pageSize);
    const expected = new Uint8Array(block.usedLength);
    expected.set(MEMORY.subarray(0, 70_001));
    const range = { offset: 0, length: block.usedLength };
    assert.deepEqual(block.readRangeSync(range), expected);
  }
});
