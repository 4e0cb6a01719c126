import assert from "node:assert/strict";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { openFileSource } from "../local/mod.ts";
import { assertEqual } from "../packing/testing/packed_bytes.ts";
import { numbers } from "../packing/testing/memory_file.ts";
import { openSnapshot, verifySnapshot } from "../reading/mod.ts";
import { createFileSink } from "../sinks/mod.ts";
import { type ByteSource, memorySource } from "../sources/mod.ts";
import {
  NO_REFLINKS,
  REFLINK_TYPES,
  ReflinkDisk,
} from "../testing/reflink_disk.ts";
import { type CheckpointOptions, checkpointSnapshot } from "./mod.ts";
import {
  guestFile,
  laterGuest,
  PAGE,
  randomGuest,
  withoutStale,
} from "./testing/guest_file.ts";

const MIB = 0x100000;
const OPTIONS = { timeout: 300_000, skip: NO_REFLINKS };

/** Checkpoints the snapshot of a source; returns what was done. */
async function checkpoint(
  source: ByteSource,
  { base, out, ...options }: Omit<CheckpointOptions, "base"> & {
    readonly base: string;
    readonly out: string;
  },
) {
  using earlier = openFileSource(base);
  const sink = createFileSink(out, { force: true });
  const snapshot = await openSnapshot(source);
  return await checkpointSnapshot(snapshot, sink, {
    ...options,
    base: await openSnapshot(earlier),
  });
}

for (const type of REFLINK_TYPES) {
  test(
    `checkpointSnapshot() writes complete snapshots of any guest on ${type}`,
    OPTIONS,
    async () => {
      using disk = new ReflinkDisk(type);
      const [base, next, out] = ["base", "next", "out"].map((it) =>
        disk.file(it)
      );
      for (let seed = 1; seed <= 40; seed++) {
        const guest = randomGuest(seed);
        const later = laterGuest(guest, seed + 1000);
        const before = await guestFile(guest, seed % 2 ? seed : undefined);
        const file = await guestFile(later, seed % 3 ? seed + 1 : undefined);
        writeFileSync(base, before);
        writeFileSync(next, file);
        using source = openFileSource(next);
        const from = seed % 4 === 0 ? memorySource(file) : source;
        const { byteLength, changedPages, presentPages } = await checkpoint(
          from,
          { base, out, jobs: 1 + seed % 2 },
        );
        const written = readFileSync(out);
        assertEqual(written, await withoutStale(file));
        assert.equal(byteLength, file.length);
        assert.ok(changedPages < presentPages, `${seed}`);
        assertEqual(readFileSync(base), before);
        assertEqual(readFileSync(next), file);
        assert.ok((await verifySnapshot(memorySource(written))).good);
        const { blocks } = await openSnapshot(memorySource(written));
        for (const block of blocks) {
          const { usedLength: length } = block;
          const found = await block.readRange({ offset: 0, length });
          assertEqual(found, later.blocks[block.idstr]);
        }
      }
    },
  );

  test(
    `checkpointSnapshot() of a file beside the base keeps only what differs of it on ${type}`,
    OPTIONS,
    async () => {
      using disk = new ReflinkDisk(type);
      const next = numbers(5);
      const ram = new Uint8Array(140 * MIB);
      for (let page = 0; page < ram.length / PAGE; page++) {
        ram.fill(page % 255 + 1, page * PAGE, (page + 1) * PAGE);
      }
      const device = new Uint8Array(9);
      const [base, later, out] = ["base.mr", "later.mr", "out.mr"].map((it) =>
        disk.file(it)
      );
      writeFileSync(base, await guestFile({ blocks: { ram }, device }));
      // Short runs and long ones, also across the parts that are compared.
      for (let page = 0; page < ram.length / PAGE;) {
        const end = page + 1 + next() % (page % 3 === 0 ? 300 : 6);
        ram.fill(0xff, page * PAGE, end * PAGE);
        page = end + next() % 1200;
      }
      const file = await guestFile({ blocks: { ram }, device });
      const before = disk.usedLength();
      writeFileSync(later, file);
      using source = openFileSource(later);
      const summary = await checkpoint(source, { base, out, jobs: 2 });
      source.close();
      rmSync(later);
      assertEqual(readFileSync(out), file);
      const written = summary.changedPages * PAGE;
      const limit = before + 1.1 * written + MIB;
      const used = await disk.freedLength(limit);
      assert.ok(used <= limit, `${used - before} for ${written}`);
      // What is in the file is its own: the base can be removed, too.
      rmSync(base);
      assertEqual(readFileSync(out), file);
    },
  );

  for (const jobs of [1, 2]) {
    test(
      `checkpointSnapshot() shares what is the same on ${type}, ${jobs} jobs`,
      OPTIONS,
      async () => {
        using disk = new ReflinkDisk(type);
        const next = numbers(jobs);
        const ram = new Uint8Array(150 * MIB);
        for (let page = 0; page < ram.length / PAGE; page++) {
          ram.fill(page % 255 + 1, page * PAGE, (page + 1) * PAGE);
        }
        const device = new Uint8Array(30_000);
        const base = disk.file("base.mr");
        writeFileSync(base, await guestFile({ blocks: { ram }, device }));
        let changed = 0;
        for (let page = 0; page < ram.length / PAGE;) {
          const end = page + 1 + next() % 4;
          ram.fill(0xff, page * PAGE, end * PAGE);
          changed += end - page;
          page = end + next() % 240;
        }
        device.fill(1);
        const file = await guestFile({ blocks: { ram }, device });
        const out = disk.file("out.mr");
        const before = disk.usedLength();
        const progress: number[] = [];
        const summary = await checkpoint(memorySource(shared(file)), {
          base,
          out,
          jobs,
          onProgress: ({ done }) => progress.push(done),
        });
        const used = disk.usedLength() - before;
        assertEqual(readFileSync(out), file);
        assert.ok(summary.changedPages <= changed, `${summary.changedPages}`);
        assert.ok(summary.changedPages > 0.95 * changed);
        const written = summary.changedPages * PAGE;
        assert.ok(summary.writtenLength < written + 2 * device.length);
        // Also the lists of extents and of shared blocks.
        assert.ok(used < 1.1 * written + MIB, `${used} for ${written}`);
        assert.deepEqual(progress, progress.toSorted((a, b) => a - b));
        assert.equal(progress.at(-1), ram.length);
      },
    );
  }
}

test(
  "checkpointSnapshot() takes the last bytes of a source that passes some again",
  OPTIONS,
  async () => {
    using disk = new ReflinkDisk("btrfs");
    const base = disk.file("base.mr");
    const file = await guestFile(randomGuest(3));
    writeFileSync(base, file);
    const memory = memorySource(file);
    const source: ByteSource = {
      name: "retried",
      byteLength: file.length,
      readInto: (target, offset) => memory.readInto(target, offset),
      async streamRanges(ranges, take) {
        for (const [index, { offset, length }] of ranges.entries()) {
          const bytes = file.slice(offset, offset + length);
          await take(bytes.map((it) => it ^ 1), { offset, index });
          for (let at = 0; at < length; at += 1000) {
            const part = bytes.subarray(at, at + 1000);
            await take(part, { offset: offset + at, index });
          }
        }
      },
    };
    const out = disk.file("out.mr");
    await checkpoint(source, { base, out });
    assertEqual(readFileSync(out), file);
  },
);

/** Returns the same bytes in memory that other threads can read. */
function shared(bytes: Uint8Array): Uint8Array<SharedArrayBuffer> {
  const copy = new Uint8Array(new SharedArrayBuffer(bytes.length));
  copy.set(bytes);
  return copy;
}
