import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import {
  closeSync,
  copyFileSync,
  openSync,
  truncateSync,
  writeSync,
} from "node:fs";
import { test } from "node:test";
import { openFileSource } from "../local/mod.ts";
import { openSnapshotSync, verifySnapshot } from "../reading/mod.ts";
import { createFileSink, memorySink } from "../sinks/mod.ts";
import { memorySource } from "../sources/mod.ts";
import { ScratchFolder } from "../testing/scratch_folder.ts";
import type { RAMBlockInput } from "./save_options.ts";
import { saveSnapshot } from "./save_snapshot.ts";
import { createSnapshot } from "./snapshot_writer.ts";
import { MIB, save, writeImage } from "./testing/scattered_image.ts";

test("saveSnapshot() with resume writes only missing pages, with direct I/O as well", async () => {
  using scratch = new ScratchFolder();
  writeImage(scratch.file("image"), 20 * MIB);
  const wanted = await save(scratch, "wanted", {});
  for (const directIo of [false, true]) {
    const path = scratch.file(`resumed${directIo}`);
    using image = openFileSource(scratch.file("image"));
    const rom = memorySource(new Uint8Array(0x5000).fill(4));
    const blocks = [
      { idstr: "ram", source: image },
      ...directIo ? [] : [{ idstr: "rom", source: rom, usedLength: MIB }],
    ];
    // The unfinished file holds correct pages and wrong ones.
    const partial = `${path}.0-0-00000000.partial`;
    copyFileSync(wanted, partial);
    truncateSync(partial, await lengthOf(blocks));
    const fd = openSync(partial, "r+");
    writeSync(fd, new Uint8Array(3 * MIB).fill(77), 0, 3 * MIB, 2 * MIB);
    closeSync(fd);
    const sink = createFileSink(path, { resume: true });
    const { keptPages = 0 } = await saveSnapshot(sink, blocks, {
      resume: true,
      directIo,
    });
    assert(keptPages > 100, `${keptPages} kept`);
    using found = openFileSource(path);
    using first = openFileSource(wanted);
    const all = { offset: 0, length: 20 * MIB };
    const [ram, expected] = [found, first].map((source) =>
      openSnapshotSync(source).block("ram").readRangeSync(all)
    );
    assert.equal(Buffer.compare(ram, expected), 0);
  }
});

test("a finished file becomes unfinished when it is resumed with other memory", async () => {
  using scratch = new ScratchFolder();
  writeImage(scratch.file("image"), 20 * MIB);
  const complete = await save(scratch, "whole", {});
  const path = scratch.file("resumed");
  copyFileSync(complete, `${path}.0-0-00000000.partial`);
  const sink = createFileSink(path, { resume: true });
  const { blocks } = await createSnapshot(sink, [
    { idstr: "ram", usedLength: 20 * MIB },
    { idstr: "rom", usedLength: MIB },
  ]);
  await blocks[0].writePage(0, new Uint8Array(4096).fill(99));
  await sink.abort();
  const [partial] = scratch.names().filter((name) => name.endsWith(".partial"));
  using source = openFileSource(scratch.file(partial));
  const { findings } = await verifySnapshot(source);
  assert.deepEqual(findings.map(({ rule }) => rule), ["ram-setup-end"]);
});

/** Returns the length of the snapshot of these blocks. */
async function lengthOf(blocks: readonly RAMBlockInput[]): Promise<number> {
  const { byteLength } = await saveSnapshot(memorySink(), blocks);
  return byteLength;
}
