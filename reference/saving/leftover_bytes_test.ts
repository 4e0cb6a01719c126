import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { readFileSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import type { ByteRange } from "../../format/bytes/mod.ts";
import { openFileSource } from "../local/mod.ts";
import { createFileSink, memorySink } from "../sinks/mod.ts";
import { memorySource } from "../sources/mod.ts";
import { ScratchFolder } from "../testing/scratch_folder.ts";
import type { RAMBlockInput } from "./save_options.ts";
import { saveSnapshot } from "./save_snapshot.ts";
import { createSnapshot } from "./snapshot_writer.ts";

const MIB = 0x100000;

/** Returns adjacent ranges of uneven lengths that cover `byteLength` bytes. */
function piecesOf(byteLength: number): ByteRange[] {
  const pieces: ByteRange[] = [];
  for (let offset = 0; offset < byteLength;) {
    const length = Math.min(0x12345 + offset % 777, byteLength - offset);
    pieces.push({ offset, length });
    offset += length;
  }
  return pieces;
}

/** Leaves an unfinished file without any zero byte. */
function leaveFull(path: string, byteLength: number): void {
  const bytes = new Uint8Array(byteLength).fill(0x77);
  writeFileSync(`${path}.0-0-00000000.partial`, bytes, { mode: 0o600 });
}

test("a resumed snapshot keeps nothing of another guest's memory", async () => {
  using scratch = new ScratchFolder();
  const memory = new Uint8Array(4 * MIB);
  for (let at = 0; at < memory.length; at += 5 * 4096) {
    memory[at] = 1 + at % 251;
  }
  writeFileSync(scratch.file("image"), memory);
  using image = openFileSource(scratch.file("image"));
  const blocks: RAMBlockInput[] = [
    // The hole at the end is not read.
    {
      idstr: "ram",
      source: image,
      usedLength: 8 * MIB,
      dataRanges: [{ offset: 0, length: image.byteLength }],
    },
    // A block that other threads cannot read.
    {
      idstr: "rom",
      usedLength: 0x9000,
      source: memorySource(new Uint8Array(0x5000).fill(4)),
    },
    { idstr: "zero", source: memorySource(new Uint8Array(0x9000)) },
  ];
  const fresh = memorySink();
  await saveSnapshot(fresh, blocks);
  const expected = fresh.bytes();
  for (const ranges of [undefined, piecesOf(expected.length)]) {
    for (const jobs of [1, 3]) {
      const path = scratch.file("resumed");
      leaveFull(path, expected.length);
      const sink = createFileSink(path, {
        resume: true,
        force: true,
        dataRanges: () => ranges,
      });
      await saveSnapshot(sink, blocks, { resume: true, jobs });
      assert.equal(Buffer.compare(readFileSync(path), expected), 0);
    }
  }
});

test("finish() clears pages that are not stored when writePage() wrote the others", async () => {
  using scratch = new ScratchFolder();
  const path = scratch.file("resumed");
  const planned = [{ idstr: "ram", usedLength: 0x10000 }];
  const page = new Uint8Array(4096).fill(5);
  const fresh = memorySink();
  const one = await createSnapshot(fresh, planned);
  await one.block("ram").writePage(3, page);
  await one.finish();
  leaveFull(path, fresh.bytes().length);
  const other = await createSnapshot(
    createFileSink(path, { resume: true }),
    planned,
  );
  await other.block("ram").writePage(3, page);
  await other.finish();
  assert.equal(Buffer.compare(readFileSync(path), fresh.bytes()), 0);
});
