import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { test } from "node:test";
import { cachedSource, memorySource, readRanges } from "../sources/mod.ts";
import { WatchedSource } from "../testing/watched_source.ts";
import { openQcow2 } from "./open_qcow2.ts";
import {
  CLUSTER,
  DISK,
  image,
  LENGTH,
  NEEDS_QEMU,
  PAGE,
  pageAt,
  StreamedSource,
} from "./testing/test_disk.ts";

test(
  "streamRanges() passes on ranges in order, with few requests",
  NEEDS_QEMU,
  async () => {
    for (const name of ["packed", "plain"] as const) {
      const source = new StreamedSource(image(name));
      const disk = await openQcow2(source);
      const opening = source.reads.length;
      const ranges = Array.from({ length: 30 }, (_, index) => ({
        offset: index * CLUSTER + 300,
        length: index % 3 * 50_000,
      }));
      const ends = ranges.map(({ offset }) => offset);
      await readRanges(disk, ranges, {
        take: (bytes, { offset, index }) => {
          assert.equal(offset, ends[index]);
          const expected = DISK.subarray(offset, offset + bytes.length);
          assert.equal(Buffer.compare(bytes, expected), 0);
          ends[index] += bytes.length;
          return Promise.resolve();
        },
      });
      assert.deepEqual(ends, ranges.map((it) => it.offset + it.length));
      assert.equal(source.streams.length, 1);
      assert.ok(source.reads.length - opening <= 1);
    }
  },
);

test(
  "streamRanges() takes from the backing file what the image does not have",
  NEEDS_QEMU,
  async () => {
    const below = new StreamedSource(DISK);
    const disk = await openQcow2(memorySource(image("top")), {
      openBacking: () => below,
    });
    const found = new Uint8Array(disk.byteLength).fill(0x5a);
    const take = (bytes: Uint8Array, { offset }: { offset: number }) => {
      found.set(bytes, offset);
      return Promise.resolve();
    };
    await readRanges(disk, [{ offset: 0, length: found.length }], { take });
    const expected = new Uint8Array(disk.byteLength);
    expected.set(DISK);
    expected.fill(3, 5 * CLUSTER, 6 * CLUSTER);
    assert.equal(Buffer.compare(found, expected), 0);
    assert.ok(below.streams.length > 0 && below.reads.length === 0);
    const stop = new Error("no more");
    await assert.rejects(
      readRanges(disk, [{ offset: 0, length: found.length }], {
        take: () => Promise.reject(stop),
      }),
      stop,
    );
  },
);

/** Reads a disk page by page; returns the requests of a cache below. */
async function requestsOf(
  name: "packed" | "plain",
  wantedUntil: number | undefined,
): Promise<number> {
  const watched = new WatchedSource(image(name));
  const disk = await openQcow2(cachedSource(watched), { maxBytes: CLUSTER });
  const page = new Uint8Array(PAGE);
  for (let offset = 0; offset < LENGTH; offset += PAGE) {
    await disk.readInto(page, offset, { wantedUntil });
    assert.deepEqual(page, pageAt(offset), `${offset}`);
  }
  return watched.ranges.length;
}

test("sequential reads let a cache below read ahead", NEEDS_QEMU, async () => {
  for (const name of ["packed", "plain"] as const) {
    const alone = await requestsOf(name, undefined);
    const ahead = await requestsOf(name, LENGTH);
    assert.ok(ahead < alone * 0.7, `${name}: ${ahead} of ${alone}`);
  }
});
