import assert from "node:assert/strict";
import {
  closeSync,
  openSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { test } from "node:test";
import { openFileSource } from "../local/mod.ts";
import { openSnapshot, openSnapshotSync } from "../reading/mod.ts";
import { createSnapshot, saveSnapshot } from "../saving/mod.ts";
import { createFileSink, memorySink } from "../sinks/mod.ts";
import { memorySource } from "../sources/mod.ts";
import { assertSameFile } from "../testing/same_file.ts";
import { MemoryDisk, NO_DISK } from "../testing/memory_disk.ts";
import { savedFile, testMemory } from "../testing/saved_file.ts";
import { ScratchFolder } from "../testing/scratch_folder.ts";
import { exportImage } from "./export_image.ts";

const MIB = 0x100000;
const PAGE = 4096;
const LENGTH = 160 * MIB;

/** Writes a snapshot: large runs in the first half, single pages after it. */
async function writeSnapshot(path: string): Promise<void> {
  const ram = new Uint8Array(LENGTH);
  for (let at = 0; at < LENGTH / 2; at += 2 * MIB) ram.fill(3, at, at + MIB);
  for (let at = LENGTH / 2; at < LENGTH; at += 0x90000) ram[at] = 1;
  const block = { idstr: "ram", source: memorySource(ram) };
  await saveSnapshot(createFileSink(path), [block]);
}

async function load(
  scratch: ScratchFolder,
  name: string,
  options: { jobs?: number; directIo?: boolean } = {},
): Promise<string> {
  using source = openFileSource(scratch.file("vm.mr"));
  const block = (await openSnapshot(source)).block("ram");
  await exportImage(block, createFileSink(scratch.file(name)), options);
  return scratch.file(name);
}

test("exportImage() announces each page to the source once", async () => {
  using scratch = new ScratchFolder();
  const path = scratch.file("vm.mr");
  await writeSnapshot(path);
  for (const jobs of [1, 2]) {
    const announced: { first: number; end: number }[] = [];
    let pagesOffset = 0;
    using source = openFileSource(path, {
      willNeed(_, { offset, length }) {
        const first = (offset - pagesOffset) / PAGE;
        announced.push({ first, end: first + length / PAGE });
      },
    });
    const block = openSnapshotSync(source).block("ram");
    ({ pagesOffset } = block);
    const sink = createFileSink(scratch.file(`${jobs} jobs`));
    await exportImage(block, sink, { jobs });
    // A run may be announced in pieces; join adjacent ones.
    const joined: typeof announced = [];
    for (const run of announced) {
      const last = joined.at(-1);
      if (last?.end === run.first) last.end = run.end;
      else joined.push(run);
    }
    // The lanes may pass what follows the first 128 MiB before they are polled.
    const end = jobs === 1 ? Infinity : 128 * MIB / PAGE;
    const within = (runs: typeof announced) =>
      runs.filter((run) => run.end <= end);
    assert.deepEqual(within(joined), within([...block.presentRunsSync()]));
  }
});

test("exportImage() writes the same sparse image with any number of jobs", async () => {
  using scratch = new ScratchFolder();
  await writeSnapshot(scratch.file("vm.mr"));
  const one = await load(scratch, "one");
  for (const jobs of [2, 3]) {
    const other = await load(scratch, `jobs${jobs}`, { jobs });
    assertSameFile(other, one);
    assert(statSync(other).blocks * 512 < LENGTH * 0.9, "it has holes");
  }
  for (const jobs of [1, 2]) {
    const direct = await load(scratch, `direct${jobs}`, {
      jobs,
      directIo: true,
    });
    assertSameFile(direct, one);
  }
});

test("exportImage() with jobs stops at its signal and leaves nothing", async () => {
  using scratch = new ScratchFolder();
  const path = scratch.file("vm.mr");
  const writer = await createSnapshot(createFileSink(path), [
    { idstr: "ram", usedLength: 2 ** 34 },
  ]);
  await writer.finish();
  using empty = openFileSource(path);
  const { bitmapOffset } = (await openSnapshot(empty)).block("ram");
  // Set every bit: the pages are holes, but are read and written nevertheless.
  const bits = new Uint8Array(2 ** 34 / PAGE / 8).fill(0xff);
  const fd = openSync(path, "r+");
  writeSync(fd, bits, 0, bits.length, bitmapOffset);
  closeSync(fd);
  const reason = new Error("enough");
  const controller = new AbortController();
  using source = openFileSource(path);
  const block = (await openSnapshot(source)).block("ram");
  await assert.rejects(
    exportImage(block, createFileSink(scratch.file("out")), {
      jobs: 2,
      signal: controller.signal,
      onProgress: () => controller.abort(reason),
    }),
    (error) => error === reason,
  );
  assert.deepEqual(scratch.names(), ["vm.mr"]);
});

test("exportImage() with jobs reports a snapshot that was truncated", async () => {
  using scratch = new ScratchFolder();
  await writeSnapshot(scratch.file("vm.mr"));
  using source = openFileSource(scratch.file("vm.mr"));
  const block = (await openSnapshot(source)).block("ram");
  await block.hasPage(0);
  truncateSync(scratch.file("vm.mr"), LENGTH / 2);
  await assert.rejects(
    exportImage(block, createFileSink(scratch.file("out")), { jobs: 2 }),
    { name: "SourceError", message: /the file is shorter|it has changed/ },
  );
  assert.deepEqual(scratch.names(), ["vm.mr"]);
});

test("exportImage() refuses direct I/O where it is impossible", async () => {
  using scratch = new ScratchFolder();
  const bytes = await savedFile({ ram: testMemory(64, [1]) });
  const inMemory = (await openSnapshot(memorySource(bytes))).block("ram");
  const directIo = true;
  await assert.rejects(
    exportImage(inMemory, createFileSink(scratch.file("out")), { directIo }),
    { name: "SourceError", source: "memory#ram" },
  );
  writeFileSync(scratch.file("vm.mr"), bytes);
  using source = openFileSource(scratch.file("vm.mr"));
  const block = (await openSnapshot(source)).block("ram");
  await assert.rejects(exportImage(block, memorySink(), { directIo }), {
    name: "SourceError",
    source: "memory",
  });
  const small = await savedFile({ ram: testMemory(64, [1], 512) }, {
    pageSize: 512,
  });
  writeFileSync(scratch.file("small.mr"), small);
  using other = openFileSource(scratch.file("small.mr"));
  const pages = (await openSnapshot(other)).block("ram");
  await assert.rejects(
    exportImage(pages, createFileSink(scratch.file("out")), { directIo }),
    { name: "RangeError", message: /512 bytes, expected a multiple of 4096$/ },
  );
  assert.deepEqual(scratch.names(), ["small.mr", "vm.mr"]);
});

test("direct I/O is refused by name on a file system without it", {
  skip: NO_DISK,
}, async () => {
  using scratch = new ScratchFolder();
  using ramfs = new MemoryDisk({ type: "ramfs" });
  const image = scratch.file("image");
  writeFileSync(image, new Uint8Array(MIB).fill(1));
  using source = openFileSource(image);
  const out = ramfs.file("vm.mr");
  await assert.rejects(
    saveSnapshot(createFileSink(out), [{ idstr: "ram", source }], {
      directIo: true,
    }),
    {
      name: "SourceError",
      message: `Cannot open "${out}" with direct I/O: its file system ` +
        "does not support it",
    },
  );
  assert.deepEqual(ramfs.names(), []);
});
