import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { test } from "node:test";
import { openFileSource } from "../local/mod.ts";
import { packQcow2 } from "../packing/mod.ts";
import { openQcow2 } from "../qcow2/mod.ts";
import { memorySink } from "../sinks/mod.ts";
import { memorySource } from "../sources/mod.ts";
import { savedFile, testMemory } from "../testing/saved_file.ts";
import { sealBytes } from "../testing/sealed_bytes.ts";
import { ScratchFolder } from "../testing/scratch_folder.ts";
import type { WatchedSource } from "../testing/watched_source.ts";
import { verifiedSource } from "../verity/mod.ts";
import { diff, image } from "./testing/diff_sources.ts";

/** Returns the bytes that were read of a watched file. */
function readBytes({ ranges }: WatchedSource): number {
  return ranges.reduce((sum, { length }) => sum + length, 0);
}

test("diffSnapshots() reads nothing that is in the same image", async () => {
  const pages = 2000;
  const all = Array.from({ length: pages }, (_, page) => page);
  const ram = testMemory(pages, all);
  for (let at = 0; at < ram.length; at += 16) ram[at] ^= at * 7 ^ at >> 9;
  const changes = (seed: number) => {
    const bytes = ram.slice();
    bytes.fill(seed, 100 * 4096, 101 * 4096);
    bytes.fill(seed, (1000 + seed) * 4096, (1001 + seed) * 4096);
    return bytes;
  };
  const clusterSize = 65536;
  const base = await image(await savedFile({ ram }), { clusterSize });
  const [one, other] = await Promise.all(
    [1, 30].map(async (seed) =>
      await image(await savedFile({ ram: changes(seed) }), {
        clusterSize,
        backing: base.disk,
      })
    ),
  );
  for (const it of [base, one, other]) it.file.ranges.length = 0;
  const { summary } = await diff(one.disk, other.disk);
  const [block] = summary.blocks;
  assert.equal(block.changed, 3);
  assert.equal(block.sharedInImage, pages - 3 * 16);
  const all4 = [base, one, other].map((it) => readBytes(it.file));
  assert.ok(all4.every((it) => it < 0x60000), all4.join());
  assert.ok(block.readBytes === 6 * clusterSize, `${block.readBytes}`);

  base.file.ranges.length = 0;
  const toBase = await diff(base.disk, one.disk);
  assert.equal(toBase.summary.blocks[0].changed, 2);
  assert.equal(toBase.summary.blocks[0].sharedInImage, pages - 2 * 16);
  assert.ok(readBytes(base.file) < 0x60000, `${readBytes(base.file)}`);
});

test("diffSnapshots() does not take images of other bases for the same", async () => {
  const [one, other] = await Promise.all(
    [1, 2].map((value) =>
      savedFile({ ram: new Uint8Array(0x10000).fill(value) })
    ),
  );
  const sink = memorySink();
  const source = memorySource(one);
  await packQcow2(source, sink, {
    backing: { source, name: "base", format: "raw" },
  });
  // One image, opened with another file below it.
  const empty = memorySource(sink.bytes());
  const disks = await Promise.all(
    [one, other].map((it) =>
      openQcow2(empty, { openBacking: () => memorySource(it) })
    ),
  );
  const { summary } = await diff(disks[0], disks[1]);
  assert.equal(summary.blocks[0].changed, 16);
});

test("diffSnapshots() reads a file that is checked, even if it shares its bytes", async () => {
  using folder = new ScratchFolder();
  const bytes = await savedFile({ ram: testMemory(64, [1, 2, 3]) });
  const { sidecar, digest } = sealBytes(bytes);
  const path = folder.file("a");
  writeFileSync(path, bytes);
  using a = openFileSource(path);
  using b = openFileSource(path);
  const checked = await verifiedSource(a, {
    tree: memorySource(sidecar),
    digest,
  });
  const { summary } = await diff(checked, b);
  assert.equal(summary.blocks[0].readBytes, 6 * 4096);
  assert.equal((await diff(a, b)).summary.blocks[0].readBytes, 0);
});
