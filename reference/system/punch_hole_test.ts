import assert from "node:assert/strict";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { openFileSource } from "../local/mod.ts";
import { openSnapshotSync, verifySnapshot } from "../reading/mod.ts";
import { rewriteSnapshot, saveSnapshot } from "../saving/mod.ts";
import { createFileSink, openFileStore } from "../sinks/mod.ts";
import { memorySource } from "../sources/mod.ts";
import { punchHole } from "./mod.ts";

const MIB = 0x100000;
const PAGE = 4096;

test("rewriteSnapshot() with punchHole() frees the space of zero pages", {
  skip: process.platform === "linux" ? false : "only on Linux",
}, async () => {
  const folder = mkdtempSync(join(tmpdir(), "mapped-ram-"));
  const path = join(folder, "vm.mr");
  try {
    const ram = new Uint8Array(4 * MIB).fill(7);
    const block = { idstr: "ram", source: memorySource(ram) };
    await saveSnapshot(createFileSink(path), [block]);
    const before = statSync(path);
    {
      using store = openFileStore(path, { punchHole });
      const rewriter = await rewriteSnapshot(store);
      const writer = rewriter.block("ram");
      const zeros = new Uint8Array(PAGE);
      for (let at = MIB; at < 3 * MIB; at += PAGE) {
        await writer.writePage(at / PAGE, zeros);
      }
      await rewriter.finish({ punchHoles: true });
    }
    const after = statSync(path);
    assert.equal(after.size, before.size);
    assert.equal((before.blocks - after.blocks) * 512, 2 * MIB);
    using source = openFileSource(path);
    assert((await verifySnapshot(source)).good);
    const found = openSnapshotSync(source).block("ram");
    const bytes = found.readRangeSync({ offset: 0, length: 4 * MIB });
    assert.deepEqual(bytes, ram.fill(0, MIB, 3 * MIB));
  } finally {
    rmSync(folder, { recursive: true });
  }
});
