import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { exportImage } from "../exporting/mod.ts";
import { openSnapshot } from "../reading/mod.ts";
import { saveSnapshot } from "../saving/mod.ts";
import { memorySource, SourceError } from "../sources/mod.ts";
import { savedFile, testMemory } from "../testing/saved_file.ts";
import { ScratchFolder } from "../testing/scratch_folder.ts";
import { createFileSink } from "./file_sink.ts";

const MIB = 0x100000;
/** 3 MiB without a zero page. */
const MEMORY = new Uint8Array(3 * MIB).fill(1);

/**
 * Mounts a file system of 1 MiB in the folder; returns false if not allowed.
 */
function mountSmall(path: string): boolean {
  try {
    const args = ["-t", "tmpfs", "-o", "size=1m", "none", path];
    execFileSync("mount", args, { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

/** A test with a folder that has room for 1 MiB, with an old file in it. */
function fullDiskTest(name: string, body: (path: string) => Promise<void>) {
  let allowed = false;
  {
    using scratch = new ScratchFolder();
    allowed = mountSmall(scratch.path);
    if (allowed) execFileSync("umount", [scratch.path]);
  }
  const reason = "this user may not mount";
  if (!allowed) return test(`${name} (skipped: ${reason})`, { skip: reason });
  test(name, async () => {
    using scratch = new ScratchFolder();
    mountSmall(scratch.path);
    try {
      const path = scratch.file("old");
      writeFileSync(path, "old");
      await body(path);
      assert.equal(readFileSync(path, "utf8"), "old");
      assert.deepEqual(scratch.names(), ["old"]);
    } finally {
      for (const file of readdirSync(scratch.path)) {
        writeFileSync(join(scratch.path, file), "");
      }
      execFileSync("umount", [scratch.path]);
    }
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
    execFileSync("rm", [`${path}.new`]);
  },
);
