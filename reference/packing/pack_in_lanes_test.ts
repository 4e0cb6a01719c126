import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { NO_ZSTD } from "../../format/testing/zstd.ts";
import { openFileSource } from "../local/mod.ts";
import { createFileSink } from "../sinks/mod.ts";
import { ScratchFolder } from "../testing/scratch_folder.ts";
import { packQcow2 } from "./mod.ts";
import { memoryBytes } from "./testing/memory_file.ts";
import { assertEqual, diskOf } from "./testing/packed_bytes.ts";

const MIB = 0x100000;

/** Returns bytes that are enough for three threads, most of them zero. */
function spreadBytes(): Uint8Array {
  const bytes = new Uint8Array(196 * MIB);
  const data = memoryBytes(15 * MIB, 7);
  for (let part = 0; part < 15; part++) {
    const start = part * MIB;
    bytes.set(data.subarray(start, start + MIB), part * 13 * MIB + 12345);
  }
  return bytes;
}

test("packQcow2() makes the same image with any number of threads", async () => {
  using scratch = new ScratchFolder();
  const source = scratch.file("source");
  const bytes = spreadBytes();
  writeFileSync(source, bytes);
  const images: Uint8Array[] = [];
  for (const jobs of [1, 2, 3]) {
    const path = scratch.file(`${jobs}`);
    using file = openFileSource(source);
    await packQcow2(file, createFileSink(path), { jobs, level: 1 });
    images.push(readFileSync(path));
  }
  assertEqual(images[1], images[0]);
  assertEqual(images[2], images[0]);
  assertEqual(await diskOf(images[0]), bytes);
});

test("packQcow2() stops its threads when it is aborted, or the source fails", async () => {
  using scratch = new ScratchFolder();
  const path = scratch.file("source");
  writeFileSync(path, spreadBytes());
  const image = scratch.file("image");
  {
    using file = openFileSource(path);
    const controller = new AbortController();
    const packing = packQcow2(file, createFileSink(image), {
      jobs: 2,
      level: NO_ZSTD ? 9 : 19,
      signal: controller.signal,
      onProgress: () => controller.abort(new Error("stopped")),
    });
    await assert.rejects(packing, /stopped/);
  }
  using file = openFileSource(path);
  writeFileSync(path, new Uint8Array(5));
  const packing = packQcow2(file, createFileSink(image), { jobs: 2 });
  await assert.rejects(packing, { name: "SourceError" });
  assert.deepEqual(scratch.names(), ["source"]);
});
