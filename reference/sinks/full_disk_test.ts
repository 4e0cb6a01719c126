import assert from "node:assert/strict";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { exportImage } from "../exporting/mod.ts";
import { openSnapshot } from "../reading/mod.ts";
import { saveSnapshot } from "../saving/mod.ts";
import { memorySource, SourceError } from "../sources/mod.ts";
import { MemoryDisk, NO_DISK } from "../testing/memory_disk.ts";
import { savedFile, testMemory } from "../testing/saved_file.ts";
import { createFileSink } from "./file_sink.ts";

const MIB = 0x100000;
/** 3 MiB without a zero page. */
const MEMORY = new Uint8Array(3 * MIB).fill(1);

/** A test with a disk of 1 MiB, with an old file on it. */
function fullDiskTest(name: string, body: (path: string) => Promise<void>) {
  test(name, { skip: NO_DISK }, async () => {
    using disk = new MemoryDisk({ byteLength: MIB });
    const path = disk.file("old");
    writeFileSync(path, "old");
    await body(path);
    assert.equal(readFileSync(path, "utf8"), "old");
    assert.deepEqual(disk.names(), ["old"]);
  });
}

function assertFull(error: unknown): boolean {
  assert(error instanceof SourceError, String(error));
  assert.match(
    error.message,
    /^Cannot write "[^"]+" at 0x[0-9a-f]+: no space left on device$/i,
  );
  assert.equal((error.cause as { code?: string }).code, "ENOSPC");
  return true;
}

fullDiskTest(
  "saveSnapshot() keeps the old file when the disk is full",
  async (path) => {
    const sink = createFileSink(path, { force: true });
    const blocks = [{ idstr: "ram", source: memorySource(MEMORY) }];
    await assert.rejects(saveSnapshot(sink, blocks), assertFull);
  },
);

fullDiskTest(
  "exportImage() keeps the old file when the disk is full",
  async (path) => {
    const file = await savedFile({ ram: MEMORY });
    const snapshot = await openSnapshot(memorySource(file));
    const sink = createFileSink(path, { force: true });
    await assert.rejects(exportImage(snapshot.block("ram"), sink), assertFull);
  },
);

fullDiskTest(
  "saveSnapshot() fits a large memory of zeros on a small disk",
  async (path) => {
    const memory = testMemory(2 ** 14, [1, 9000]);
    const sink = createFileSink(`${path}.new`);
    await saveSnapshot(sink, [{ idstr: "ram", source: memorySource(memory) }]);
    rmSync(`${path}.new`);
  },
);
