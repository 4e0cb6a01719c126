import assert from "node:assert/strict";
import { test } from "node:test";
import { openSnapshot, type Snapshot, verifySnapshot } from "../reading/mod.ts";
import { saveSnapshot } from "../saving/mod.ts";
import { openSequential } from "../sequential/mod.ts";
import { type ByteSink, memorySink } from "../sinks/mod.ts";
import { memorySource } from "../sources/mod.ts";
import { savedFile, testMemory } from "../testing/saved_file.ts";
import { CHUNK, type Progress } from "../work/mod.ts";
import { exportMemory } from "./export_memory.ts";
import { imageOf } from "./memory_image.ts";
import { writeElfCore } from "./write_elf_core.ts";
import { writeLime } from "./write_lime.ts";
import { writeSequential } from "./write_sequential.ts";

const PAGE = 4096;
/** Every chunk but two is a hole. */
const HOLES = 6 * CHUNK;
const LAST = 8 * CHUNK / PAGE - 1;
const OPTIONS = {
  machine: "none",
  architecture: "x86_64",
  ranges: [{ address: 0, idstr: "ram", offset: 0, length: 8 * CHUNK }],
};

/** Each way to process the memory of a snapshot. */
const WAYS: Readonly<
  Record<
    string,
    (
      snapshot: Snapshot,
      sink: ByteSink,
      onProgress: (progress: Progress) => void,
    ) => Promise<unknown>
  >
> = {
  writeSequential: (snapshot, sink, onProgress) =>
    writeSequential(snapshot, sink, { onProgress }),
  writeLime: (snapshot, sink, onProgress) =>
    writeLime(imageOf(snapshot), sink, { ...OPTIONS, onProgress }),
  writeElfCore: (snapshot, sink, onProgress) =>
    writeElfCore(imageOf(snapshot), sink, { ...OPTIONS, onProgress }),
  exportMemory: (snapshot, sink, onProgress) =>
    exportMemory(snapshot.block("ram"), sink, { onProgress }),
  "exportMemory, sequential": async (snapshot, sink, onProgress) => {
    const stream = memorySink();
    await writeSequential(snapshot, stream);
    using opened = await openSequential(memorySource(stream.bytes()));
    await exportMemory(opened.block("ram"), sink, { onProgress });
  },
  saveSnapshot: (snapshot, sink, onProgress) => {
    const input = { idstr: "ram", source: snapshot.block("ram") };
    return saveSnapshot(sink, [input], { onProgress });
  },
  verifySnapshot: ({ source }, _sink, onProgress) =>
    verifySnapshot(source, { pages: true, onProgress }),
};

for (const [name, work] of Object.entries(WAYS)) {
  test(`${name} counts absent pages as skipped before it starts`, async () => {
    // Whole chunks, so that ways that work in chunks skip the same bytes.
    const pages = CHUNK / PAGE;
    const memory = testMemory(LAST + 1, [
      ...Array.from({ length: pages }, (_, index) => 3 * pages + index),
      ...Array.from({ length: pages }, (_, index) => 7 * pages + index),
    ]);
    const snapshot = await openSnapshot(
      memorySource(await savedFile({ ram: memory })),
    );
    const steps: Progress[] = [];
    await work(snapshot, memorySink(), (step) => void steps.push(step));
    assert.ok(steps.length > 0);
    for (const { idstr, total, skipped, zero, done } of steps) {
      assert.deepEqual(
        { idstr, total, skipped, zero },
        { idstr: "ram", total: memory.length, skipped: HOLES, zero: HOLES },
      );
      assert.ok(done >= HOLES);
    }
    assert.deepEqual(steps, steps.toSorted((a, b) => a.done - b.done));
    assert.equal(steps.at(-1)?.done, memory.length);
  });
}
