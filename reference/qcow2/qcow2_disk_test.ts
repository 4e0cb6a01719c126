import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { test } from "node:test";
import { randomNumbers } from "../../format/testing/random_numbers.ts";
import { NO_ZSTD, zstdContent } from "../../format/testing/zstd.ts";
import { memorySource } from "../sources/mod.ts";
import { LentBuffers } from "../testing/lent_buffers.ts";
import { finish, opened } from "../testing/run_unruly.ts";
import { UnrulySource } from "../testing/unruly_source.ts";
import { WatchedSource } from "../testing/watched_source.ts";
import { openQcow2, openQcow2Sync } from "./open_qcow2.ts";
import {
  CLUSTER,
  DISK,
  image,
  LENGTH,
  NEEDS_QEMU,
  PAGE,
  pageAt,
} from "./testing/test_disk.ts";

test(
  "readInto() unpacks a cluster once for reads at the same time",
  { skip: NEEDS_QEMU.skip || NO_ZSTD },
  async () => {
    const watched = new WatchedSource(image("packed"));
    let unpacked = 0;
    const disk = await openQcow2(watched, {
      unpackZstd: (packed) => {
        unpacked++;
        return zstdContent(packed);
      },
    });
    const opening = watched.ranges.length;
    await Promise.all(Array.from({ length: 64 }, async (_, index) => {
      const offset = index % 32 * PAGE;
      const page = new Uint8Array(PAGE);
      await disk.readInto(page, offset);
      assert.deepEqual(page, pageAt(offset));
    }));
    assert.equal(unpacked, 2);
    const tables = 64; // Each read may have read the table, as none is kept yet.
    assert.ok(watched.ranges.length - opening <= 2 + tables);
    const before = watched.ranges.length;
    await disk.readInto(new Uint8Array(PAGE), 3 * PAGE);
    assert.equal(watched.ranges.length, before);
  },
);

test(
  "readInto() reads neighbours in one request, and keeps at most maxBytes",
  NEEDS_QEMU,
  async () => {
    for (const [maxBytes, again] of [[LENGTH, 0], [2 * CLUSTER, 1]] as const) {
      const watched = new WatchedSource(image("packed"));
      const disk = await openQcow2(watched, { maxBytes });
      const bytes = new Uint8Array(10 * CLUSTER);
      await disk.readInto(bytes.subarray(0, PAGE), 0);
      const before = watched.ranges.length;
      await disk.readInto(bytes, 0);
      assert.equal(Buffer.compare(bytes, DISK.subarray(0, bytes.length)), 0);
      assert.equal(watched.ranges.length - before, 1);
      await disk.readInto(bytes.subarray(0, PAGE), PAGE);
      assert.equal(watched.ranges.length - before, 1 + again);
    }
  },
);

test(
  "openQcow2() reads the tables near the start with the L1 table",
  NEEDS_QEMU,
  async () => {
    // As qemu-img does not place them: header, L1 table, L2 table.
    const bytes = image("plain").slice();
    const view = new DataView(bytes.buffer);
    const l1 = view.getUint32(44);
    const l2 = view.getUint32(l1 + 4);
    bytes.copyWithin(CLUSTER, l1, l1 + 8);
    bytes.copyWithin(2 * CLUSTER, l2, l2 + CLUSTER);
    view.setUint32(44, CLUSTER);
    view.setUint32(CLUSTER + 4, 2 * CLUSTER);
    const watched = new WatchedSource(bytes);
    const disk = await openQcow2(watched);
    const page = new Uint8Array(PAGE);
    await disk.readInto(page, 9 * PAGE);
    assert.deepEqual(page, pageAt(9 * PAGE));
    // The header, the tables, and the page.
    assert.equal(watched.ranges.length, 3);
  },
);

test(
  "an aborted read leaves the others, and a failed one is tried again",
  NEEDS_QEMU,
  async () => {
    const watched = new WatchedSource(image("packed"));
    const disk = await openQcow2(watched);
    await disk.readInto(new Uint8Array(PAGE), LENGTH - PAGE);
    const controller = new AbortController();
    const page = new Uint8Array(PAGE);
    const aborted = disk.readInto(new Uint8Array(PAGE), 0, {
      signal: controller.signal,
    });
    const other = disk.readInto(page, PAGE);
    controller.abort(new Error("enough"));
    await assert.rejects(aborted, /enough/);
    await other;
    assert.deepEqual(page, pageAt(PAGE));

    const far = 30 * CLUSTER;
    watched.failing.add(watched.ranges.length);
    await assert.rejects(disk.readInto(page, far), watched.error);
    await disk.readInto(page, far);
    assert.deepEqual(page, pageAt(far));
  },
);

test(
  "reads that overlap, fail and abort never write to a buffer later",
  NEEDS_QEMU,
  async () => {
    for (let seed = 1; seed <= 12; seed++) {
      for (const name of ["packed", "top"] as const) {
        const random = randomNumbers(seed);
        const unruly = new UnrulySource(image(name), random, { failing: 0 });
        const below = new UnrulySource(DISK, random, { failing: 30 });
        const opening = openQcow2(unruly, { openBacking: () => below });
        unruly.failing = 30;
        const disk = await opened(unruly, opening);
        const expected = new Uint8Array(disk.byteLength);
        const whole = openQcow2Sync(memorySource(image(name)), {
          openBacking: () => memorySource(DISK),
        });
        whole.readIntoSync(expected, 0);
        const buffers = new LentBuffers();
        const controllers = Array.from(
          { length: 16 },
          () => new AbortController(),
        );
        const reads = controllers.map(({ signal }, index) => {
          const offset = random(expected.length - CLUSTER);
          const part = expected.slice(offset, offset + 1 + random(3 * CLUSTER));
          return buffers.lend(
            part,
            `${name} ${seed} ${index}`,
            (target) => disk.readInto(target, offset, { signal }),
          );
        });
        const both = {
          failing: 0,
          get underWay() {
            return unruly.underWay + below.underWay;
          },
          step: () =>
            (random(2) === 0 && below.underWay > 0 ||
                unruly.underWay === 0
              ? below
              : unruly).step(),
        };
        await finish(both, Promise.all(reads), () => {
          if (random(12) === 0) {
            controllers[random(16)].abort(new Error("enough"));
          }
        });
        buffers.check();
        assert.ok(buffers.filled > 0);
      }
    }
  },
);
