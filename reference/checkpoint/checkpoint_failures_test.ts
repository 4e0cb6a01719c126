import assert from "node:assert/strict";
import {
  appendFileSync,
  readFileSync,
  statfsSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { test } from "node:test";
import { openFileSource } from "../local/mod.ts";
import { packed } from "../packing/testing/packed_bytes.ts";
import { openQcow2 } from "../qcow2/mod.ts";
import { openSnapshot, type Snapshot } from "../reading/mod.ts";
import { createFileSink, memorySink } from "../sinks/mod.ts";
import { memorySource, SourceError } from "../sources/mod.ts";
import { MemoryDisk, NO_DISK } from "../testing/memory_disk.ts";
import {
  NO_REFLINKS,
  REFLINK_TYPES,
  ReflinkDisk,
} from "../testing/reflink_disk.ts";
import type { ScratchFolder } from "../testing/scratch_folder.ts";
import { checkpointSnapshot, CloneError } from "./mod.ts";
import { guestFile, PAGE } from "./testing/guest_file.ts";

const OPTIONS = { timeout: 120_000, skip: NO_REFLINKS };
const MIB = 0x100000;

/** Returns a guest of some MiB, each page of which is filled with `byte`. */
function guest(byte: number, mebibytes = 8, idstr = "ram") {
  const ram = new Uint8Array(mebibytes * MIB).fill(byte);
  return guestFile({ blocks: { [idstr]: ram }, device: new Uint8Array(9) });
}

/** Writes a base to a disk, and opens it. */
async function baseOn(disk: ScratchFolder, bytes?: Uint8Array) {
  const path = disk.file("base.mr");
  writeFileSync(path, bytes ?? await guest(1));
  const source = openFileSource(path);
  return {
    path,
    base: await openSnapshot(source),
    [Symbol.dispose]: () => source.close(),
  };
}

async function snapshotOf(bytes: Uint8Array): Promise<Snapshot> {
  return await openSnapshot(memorySource(bytes));
}

test("checkpointSnapshot() refuses a file system without reflinks", {
  skip: NO_DISK,
}, async () => {
  using disk = new MemoryDisk();
  using opened = await baseOn(disk);
  const sink = createFileSink(disk.file("out.mr"));
  const run = checkpointSnapshot(opened.base, sink, opened);
  await assert.rejects(run, (error) => {
    assert.ok(error instanceof CloneError);
    assert.match(
      error.message,
      /^Cannot clone ".*base.mr" to ".*out.mr": E[A-Z]+, their file system cannot share blocks between these files, expected one with reflinks, such as XFS or Btrfs$/,
    );
    return true;
  });
  assert.deepEqual(disk.names(), ["base.mr"]);
});

test("checkpointSnapshot() refuses another file system", OPTIONS, async () => {
  using disk = new ReflinkDisk("xfs");
  using other = new ReflinkDisk("btrfs");
  using opened = await baseOn(disk);
  const sink = createFileSink(other.file("out.mr"));
  await assert.rejects(
    checkpointSnapshot(opened.base, sink, opened),
    (error) =>
      error instanceof CloneError &&
      /: EXDEV, they are on different file systems, expected the same$/
        .test(error.message),
  );
  assert.deepEqual(other.names(), []);
});

test("checkpointSnapshot() refuses what is no plain file", async () => {
  const file = await guest(1, 1);
  const snapshot = await snapshotOf(file);
  using disk = await openQcow2(memorySource(await packed(file)));
  const sink = memorySink();
  for (const base of [snapshot, await openSnapshot(disk)]) {
    await assert.rejects(
      checkpointSnapshot(snapshot, sink, { base }),
      (error) =>
        error instanceof CloneError &&
        /^Cannot share blocks of ".*": expected a plain local file$/
          .test(error.message),
    );
  }
});

test(
  "checkpointSnapshot() refuses RAM of another layout",
  OPTIONS,
  async () => {
    using disk = new ReflinkDisk("xfs");
    using opened = await baseOn(disk);
    const others: readonly [Uint8Array, RegExp][] = [
      [
        await guest(1, 9),
        /RAMBlock "ram" has 9437184 bytes .*, in the base 8388/,
      ],
      [await guest(1, 8, "rom"), /the base has no RAMBlock "rom"/],
    ];
    for (const [bytes, reason] of others) {
      const sink = createFileSink(disk.file("out.mr"));
      await assert.rejects(
        checkpointSnapshot(await snapshotOf(bytes), sink, opened),
        (error) => error instanceof SourceError && reason.test(error.message),
      );
      assert.deepEqual(disk.names(), ["base.mr"]);
    }
  },
);

for (const changing of ["base.mr", "next.mr"]) {
  test(
    `checkpointSnapshot() notices that ${changing} changes`,
    OPTIONS,
    async () => {
      using disk = new ReflinkDisk("btrfs");
      writeFileSync(disk.file("next.mr"), await guest(2));
      using source = openFileSource(disk.file("next.mr"));
      using opened = await baseOn(disk);
      const path = disk.file(changing);
      const run = checkpointSnapshot(
        await openSnapshot(source),
        createFileSink(disk.file("out.mr")),
        { ...opened, onProgress: () => utimesSync(path, 1, 1) },
      );
      await assert.rejects(run, (error) => {
        assert.ok(error instanceof SourceError && error.changed, String(error));
        assert.equal(error.source, path);
        return true;
      });
      assert.deepEqual(disk.names(), ["base.mr", "next.mr"]);
    },
  );
}

for (const type of REFLINK_TYPES) {
  test(
    `checkpointSnapshot() leaves nothing on a full disk with ${type}`,
    OPTIONS,
    async () => {
      using disk = new ReflinkDisk(type);
      const old = disk.file("out.mr");
      writeFileSync(old, "old");
      using opened = await baseOn(disk, await guest(1, 64));
      disk.usedLength();
      const { bavail, bsize } = statfsSync(disk.path);
      const filler = new Uint8Array(MIB).fill(1);
      const rest = Math.floor(bavail * bsize / MIB) - 24;
      writeFileSync(disk.file("filler"), "");
      for (let it = 0; it < rest; it++) {
        appendFileSync(disk.file("filler"), filler);
      }
      disk.usedLength();
      const sink = createFileSink(old, { force: true });
      const later = await snapshotOf(await guest(2, 64));
      await assert.rejects(
        checkpointSnapshot(later, sink, opened),
        (error) => {
          assert.ok(error instanceof SourceError, String(error));
          assert.match(error.message, /: no space left on device$/i);
          return true;
        },
      );
      assert.equal(readFileSync(old, "utf8"), "old");
      assert.deepEqual(disk.names(), ["base.mr", "filler", "out.mr"]);
    },
  );
}

for (const jobs of [1, 2]) {
  test(
    `checkpointSnapshot() with ${jobs} jobs leaves nothing when it is aborted`,
    OPTIONS,
    async () => {
      using disk = new ReflinkDisk("xfs");
      // Enough for two threads.
      using opened = await baseOn(disk, await guest(1, 140));
      const controller = new AbortController();
      const reason = new Error("enough");
      const run = checkpointSnapshot(
        opened.base,
        createFileSink(disk.file("out.mr")),
        {
          ...opened,
          jobs,
          signal: controller.signal,
          onProgress: () => controller.abort(reason),
        },
      );
      await assert.rejects(run, reason);
      assert.deepEqual(disk.names(), ["base.mr"]);
    },
  );
}

test(
  "checkpointSnapshot() of the base itself writes nothing",
  OPTIONS,
  async () => {
    using disk = new ReflinkDisk("btrfs");
    using opened = await baseOn(disk);
    const out = disk.file("out.mr");
    const { base } = opened;
    const summary = await checkpointSnapshot(base, createFileSink(out), {
      base,
    });
    assert.deepEqual(summary, {
      byteLength: base.source.byteLength,
      presentPages: 8 * MIB / PAGE,
      changedPages: 0,
      writtenLength: 0,
      clearedLength: 0,
    });
  },
);

test(
  "checkpointSnapshot() does not read holes after the snapshots",
  OPTIONS,
  async () => {
    using disk = new ReflinkDisk("xfs");
    using opened = await baseOn(disk);
    const next = disk.file("next.mr");
    writeFileSync(next, await guest(2));
    truncateSync(next, 2 ** 50);
    // Zeros of the new snapshot replace what the base has there.
    appendFileSync(opened.path, new Uint8Array(MIB).fill(7));
    using base = openFileSource(opened.path);
    using source = openFileSource(next);
    const out = disk.file("out.mr");
    await checkpointSnapshot(await openSnapshot(source), createFileSink(out), {
      base: await openSnapshot(base),
    });
    using made = openFileSource(out);
    assert.equal(made.byteLength, 2 ** 50);
    const tail = new Uint8Array(2 * MIB);
    await made.readInto(tail, base.byteLength - MIB);
    assert.ok(tail.every((byte) => byte === 0));
  },
);
