import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { writeFileSync } from "node:fs";
import { test } from "node:test";
import { zstdDecompressSync } from "node:zlib";
import type { ByteRange } from "../../format/bytes/mod.ts";
import { FormatError } from "../../format/rules/mod.ts";
import {
  type ByteSource,
  cachedSource,
  memorySource,
  readRanges,
  SourceError,
} from "../sources/mod.ts";
import { randomNumbers } from "../../format/testing/random_numbers.ts";
import { LentBuffers } from "../testing/lent_buffers.ts";
import { finish, opened } from "../testing/run_unruly.ts";
import { ScratchFolder } from "../testing/scratch_folder.ts";
import { UnrulySource } from "../testing/unruly_source.ts";
import { WatchedSource } from "../testing/watched_source.ts";
import { openQcow2, openQcow2Sync } from "./open_qcow2.ts";
import { diskBytes, NO_QEMU_IMG, QemuImages } from "./testing/qemu_images.ts";

const CLUSTER = 0x10000;
const PAGE = 4096;
const LENGTH = 40 * CLUSTER;
const DISK = diskBytes(LENGTH);
const NEEDS_QEMU = { skip: NO_QEMU_IMG };

/** Images of the disk: packed, as it is, and on top of a backing file. */
function makeImages(): Record<"packed" | "plain" | "top", Uint8Array> {
  using folder = new ScratchFolder();
  const qemu = new QemuImages(folder.path);
  writeFileSync(folder.file("disk.raw"), DISK);
  qemu.img("convert -O qcow2 -c -o compression_type=zstd disk.raw packed");
  qemu.img("convert -O qcow2 disk.raw plain");
  qemu.img(`create -f qcow2 -b disk.raw -F raw top ${LENGTH + CLUSTER}`);
  qemu.io("top", `write -P 3 ${5 * CLUSTER} ${CLUSTER}`);
  return {
    packed: qemu.bytes("packed"),
    plain: qemu.bytes("plain"),
    top: qemu.bytes("top"),
  };
}

const IMAGES = NO_QEMU_IMG ? undefined : makeImages();
const image = (name: "packed" | "plain" | "top") =>
  IMAGES?.[name] ?? new Uint8Array(0);

/** Returns a page of the disk. */
const pageAt = (offset: number) => DISK.slice(offset, offset + PAGE);

/** Returns an image that says that its raw backing file is an image. */
function namingQcow2(bytes: Uint8Array): Uint8Array {
  const changed = Buffer.from(bytes);
  const at = changed.indexOf("raw\0", 112);
  changed.write("qcow2", at);
  changed[at - 1] = 5;
  return new Uint8Array(changed);
}

/** A source that has streams, and counts them and other reads. */
class StreamedSource implements ByteSource {
  readonly name = "streamed";
  readonly byteLength: number;
  readonly streams: (readonly ByteRange[])[] = [];
  readonly reads: number[] = [];
  readonly #source: ByteSource;

  constructor(bytes: Uint8Array) {
    this.#source = memorySource(bytes);
    this.byteLength = bytes.length;
  }

  async readInto(target: Uint8Array, offset: number): Promise<void> {
    this.reads.push(offset);
    await this.#source.readInto(target, offset);
  }

  /** Passes on each range twice, in odd pieces, the last one first. */
  streamRanges: ByteSource["streamRanges"] = async (ranges, take) => {
    this.streams.push(ranges);
    for (const [index, range] of [...ranges.entries()].toReversed()) {
      for (let round = 0; round < 2; round++) {
        for (let done = 0; done < range.length; done += 30_011) {
          const length = Math.min(30_011, range.length - done);
          const bytes = new Uint8Array(length);
          await this.#source.readInto(bytes, range.offset + done);
          if (round === 0) bytes.fill(0xee);
          await take(bytes, { offset: range.offset + done, index });
        }
      }
    }
  };
}

test(
  "readInto() unpacks a cluster once for reads at the same time",
  NEEDS_QEMU,
  async () => {
    const watched = new WatchedSource(image("packed"));
    let unpacked = 0;
    const disk = await openQcow2(watched, {
      unpackZstd: (packed) => {
        unpacked++;
        return zstdDecompressSync(packed);
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
  "openQcow2() opens tables near the start with one read",
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
    assert.equal(watched.ranges.length, 2);
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

test("checkUnchanged() asks each file of a chain", NEEDS_QEMU, async () => {
  const changed = new SourceError("base", "it has changed");
  let asked = 0;
  const top = Object.assign(memorySource(image("top")), {
    checkUnchanged: () => void asked++,
  });
  const disk = await openQcow2(top, {
    openBacking: () =>
      Object.assign(memorySource(DISK), {
        checkUnchanged: () => {
          throw changed;
        },
      }),
  });
  assert.throws(() => disk.checkUnchanged?.(), changed);
  assert.equal(asked, 1);
  const plain = await openQcow2(memorySource(image("plain")));
  assert.equal(plain.checkUnchanged, undefined);
});

test(
  "close() closes what was opened for the image, and so does a failure",
  NEEDS_QEMU,
  async () => {
    let open = 0;
    const openBacking = () => {
      open++;
      return Object.assign(memorySource(DISK), {
        [Symbol.dispose]: () => void open--,
      });
    };
    {
      using disk = await openQcow2(memorySource(image("top")), { openBacking });
      assert.equal(open, 1);
      await disk.readInto(new Uint8Array(PAGE), 0);
    }
    assert.equal(open, 0);
    // The backing file is to be an image.
    const bytes = namingQcow2(image("top"));
    await assert.rejects(
      openQcow2(memorySource(bytes), { openBacking }),
      (error) => error instanceof FormatError && error.rule === "qcow2-magic",
    );
    assert.equal(open, 0);
  },
);

test("an image with a backing file needs openBacking", NEEDS_QEMU, async () => {
  const source = memorySource(image("top"), { name: "top" });
  const reason = /Cannot open "top": it needs the backing file "disk.raw"/;
  await assert.rejects(openQcow2(source), reason);
  assert.throws(() => openQcow2Sync(source), reason);
});

test("a chain that has no end is refused", NEEDS_QEMU, async () => {
  const endless = namingQcow2(image("top"));
  let opened = 0;
  const openBacking = () => {
    opened++;
    return memorySource(endless);
  };
  await assert.rejects(
    openQcow2(memorySource(endless), { openBacking }),
    /after 200 images, expected none \(qcow2-chain\)/,
  );
  assert.equal(opened, 199);
});
