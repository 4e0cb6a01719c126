import assert from "node:assert/strict";
import { test } from "node:test";
import { NO_ZSTD } from "../../format/testing/zstd.ts";
import { openQcow2 } from "../qcow2/mod.ts";
import { createFileSink, memorySink } from "../sinks/mod.ts";
import { memorySource } from "../sources/mod.ts";
import { ScratchFolder } from "../testing/scratch_folder.ts";
import { WatchedSource } from "../testing/watched_source.ts";
import { type PackOptions, packQcow2 } from "./mod.ts";
import { memoryBytes } from "./testing/memory_file.ts";
import {
  assertEqual,
  diskOf,
  inSectors,
  packed,
} from "./testing/packed_bytes.ts";

const KIB = 0x400;
const MIB = 0x100000;

for (const compression of ["zlib", "zstd"] as const) {
  for (const clusterSize of [4 * KIB, 64 * KIB, 2 * MIB]) {
    const name = `${compression} in clusters of ${clusterSize / KIB} KiB`;

    test(`packQcow2() packs what openQcow2() reads: ${name}`, {
      skip: compression === "zstd" && NO_ZSTD,
    }, async () => {
      const bytes = memoryBytes(9 * MIB + 1234, clusterSize);
      const image = await packed(bytes, { compression, clusterSize });
      assertEqual(await diskOf(image), inSectors(bytes));
    });
  }
}

test("packQcow2() leaves out zeros, and keeps what compression enlarges", async () => {
  const bytes = new Uint8Array(5 * MIB);
  bytes.set(memoryBytes(MIB, 3), MIB);
  crypto.getRandomValues(bytes.subarray(3 * MIB, 3 * MIB + 64 * KIB));
  const sink = memorySink();
  const summary = await packQcow2(memorySource(bytes), sink);
  const end = sink.bytes().length;
  const nonZero = Array.from({ length: 80 }, (_, index) => index).filter((it) =>
    bytes.subarray(it * 64 * KIB, (it + 1) * 64 * KIB).some((byte) =>
      byte !== 0
    )
  );
  assert.equal(
    summary.compressedClusters + summary.plainClusters,
    nonZero.length,
  );
  assert.ok(summary.plainClusters >= 1);
  assert.equal(summary.imageLength, end);
  assert.ok(end < 2 * MIB);
  assertEqual(await diskOf(sink.bytes()), bytes);
});

test("packQcow2() puts all tables that a read needs in front", async () => {
  const bytes = memoryBytes(40 * MIB, 5);
  const source = new WatchedSource(await packed(bytes));
  using disk = await openQcow2(source);
  await disk.readInto(new Uint8Array(1), 20 * MIB);
  const { ranges } = source;
  const data = ranges.pop();
  assert.ok(data !== undefined && data.offset >= 3 * 64 * KIB);
  for (const { offset, length } of ranges) {
    assert.ok(offset + length <= (3 * 64 + 16) * KIB, `${offset} ${length}`);
  }
});

test("packQcow2() zeros what is outside of the ranges, and does not read it", async () => {
  const bytes = memoryBytes(3 * MIB, 9).fill(7, MIB, 2 * MIB);
  const source = new WatchedSource(bytes);
  const sink = memorySink();
  const range = { offset: MIB + 0x3000, length: 0x1800 };
  await packQcow2(source, sink, { dataRanges: [range] });
  const expected = new Uint8Array(3 * MIB).fill(7, range.offset, MIB + 0x5000);
  assertEqual(await diskOf(sink.bytes()), expected);
  assert.deepEqual(source.ranges, [{ ...range, length: 0x2000 }]);
});

test("packQcow2() stores what differs from a backing image, and zeros over its data", async () => {
  const base = memoryBytes(6 * MIB, 11).fill(7, 2 * MIB, 3 * MIB);
  const changed = base.slice(0, 5 * MIB + 512);
  changed.fill(0, 2 * MIB, 2 * MIB + 128 * KIB);
  changed[4 * MIB + 5]++;
  const below = await packed(base);
  const sink = memorySink();
  const summary = await packQcow2(memorySource(changed), sink, {
    backing: {
      source: await openQcow2(memorySource(below)),
      name: "base.qcow2",
      format: "qcow2",
    },
  });
  // The last cluster is changed, too, if the disk is cut off in it.
  assert.ok(summary.compressedClusters + summary.plainClusters <= 2);
  const disk = await diskOf(sink.bytes(), {
    openBacking({ name, format }) {
      assert.deepEqual({ name, format }, {
        name: "base.qcow2",
        format: "qcow2",
      });
      return memorySource(below);
    },
  });
  assertEqual(disk, changed);
});

test("packQcow2() refuses options that no image can have", async () => {
  const pack = (options: PackOptions) => packed(new Uint8Array(8192), options);
  for (const clusterSize of [512, 4 * MIB, 5000, NaN]) {
    await assert.rejects(pack({ clusterSize }), RangeError);
  }
  await assert.rejects(pack({ compression: "zlib", level: 10 }), RangeError);
  await assert.rejects(pack({ level: 0 }), RangeError);
  const source = memorySource(new Uint8Array(0));
  const name = "x".repeat(1024);
  await assert.rejects(
    pack({ backing: { source, name, format: "raw" } }),
    /1024 bytes: expected at most 1023/,
  );
});

test("packQcow2() aborts the sink when the source fails", async () => {
  const source = new WatchedSource(memoryBytes(4 * MIB, 15));
  source.failing.add(1);
  using scratch = new ScratchFolder();
  const sink = createFileSink(scratch.file("image"));
  await assert.rejects(packQcow2(source, sink), source.error);
  assert.deepEqual(scratch.names(), []);
});

test("packQcow2() refuses a source that is longer than 128 TiB", async () => {
  const source = {
    name: "long",
    byteLength: 2 ** 47 + 1,
    readInto: () => Promise.reject(new Error("read")),
  };
  await assert.rejects(
    packQcow2(source, memorySink(), { dataRanges: [] }),
    /RangeError: Cannot pack "long": it has 140737488355329 bytes, expected at most 140737488355328$/,
  );
});
