import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { writeFileSync } from "node:fs";
import { test } from "node:test";
import { NO_ZSTD } from "../../format/testing/zstd.ts";
import { openFileSource } from "../local/mod.ts";
import { type ByteSource, readRanges } from "../sources/mod.ts";
import { ScratchFolder } from "../testing/scratch_folder.ts";
import {
  openBackingFiles,
  openBackingFilesSync,
} from "./open_backing_files.ts";
import { openQcow2, openQcow2Sync } from "./open_qcow2.ts";
import { NO_QEMU_IMG, QEMU_FOLDERS } from "../testing/qemu_img.ts";
import { diskBytes, QemuImages } from "./testing/qemu_images.ts";

const LENGTH = 700_000;
const DISK = diskBytes(LENGTH);

function assertEqual(found: Uint8Array, expected: Uint8Array, what: string) {
  const same = Buffer.compare(found, expected) === 0;
  const at = found.findIndex((byte, index) => byte !== expected[index]);
  assert.ok(same, `${what}: ${found.length} bytes, another one at ${at}`);
}

/** Reads a disk in each way, and compares it with that of `qemu-img`. */
async function checkDisk(path: string, expected: Uint8Array): Promise<void> {
  const open = (it: URL | string) => openFileSource(String(it));
  using image = openFileSource(path);
  using sync = openQcow2Sync(image, {
    openBacking: openBackingFilesSync(path, { open }),
    maxBytes: 0x30000,
  });
  const whole = new Uint8Array(sync.byteLength).fill(0x5a);
  sync.readIntoSync(whole, 0);
  assertEqual(whole, expected, `${path}, synchronously`);

  using disk = await openQcow2(image, {
    openBacking: openBackingFiles(path, { open }),
    maxBytes: 0x30000,
  });
  whole.fill(0x5a);
  await disk.readInto(whole, 0);
  assertEqual(whole, expected, `${path}, at once`);
  whole.fill(0x5a);
  const step = 40_000;
  const starts = Array.from(
    { length: Math.ceil(expected.length / step) },
    (_, index) => index * step,
  );
  await Promise.all(
    starts.toReversed().map((at) =>
      disk.readInto(whole.subarray(at, at + step), at)
    ),
  );
  assertEqual(whole, expected, `${path}, in parts at the same time`);
  await checkStream(disk, expected, path);
}

/** Reads two ranges as a stream, the last one first. */
async function checkStream(
  disk: ByteSource,
  expected: Uint8Array,
  path: string,
): Promise<void> {
  const cut = Math.floor(expected.length / 3);
  const ranges = [
    { offset: cut, length: expected.length - cut },
    { offset: 0, length: cut },
  ];
  const found = new Uint8Array(expected.length).fill(0x5a);
  await readRanges(disk, ranges, {
    take: (bytes, { offset }) => {
      found.set(bytes, offset);
      return Promise.resolve();
    },
  });
  assertEqual(found, expected, `${path}, as a stream`);
}

const FORMS = ["compat=0.10", "compat=1.1"].flatMap((compat) =>
  ["-c", "-c -o compression_type=zstd", ""].flatMap((pack) =>
    ["4k", "64k", "2M"].flatMap((size) =>
      ["off", "on"].map((subclusters) => ({ compat, pack, size, subclusters }))
    )
  )
).filter(({ compat, pack, size, subclusters }) =>
  // What qemu-img makes: no features in version 2, subclusters of 512 bytes.
  (compat === "compat=1.1" ||
    !pack.includes("zstd") && subclusters === "off") &&
  (size !== "4k" || subclusters === "off")
);

for (const programs of NO_QEMU_IMG ? [""] : QEMU_FOLDERS) {
  test(`openQcow2() reads images of each kind by qemu-img of ${programs}`, {
    skip: NO_QEMU_IMG,
  }, async () => {
    assert.equal(FORMS.length, 21);
    using folder = new ScratchFolder();
    const qemu = new QemuImages(folder.path, programs);
    writeFileSync(folder.file("disk.raw"), DISK);
    for (const { compat, pack, size, subclusters } of FORMS) {
      if (pack.includes("zstd") && NO_ZSTD) continue;
      const form = `-o ${compat},cluster_size=${size}` +
        (subclusters === "on" ? ",extended_l2=on" : "");
      const options = [pack, form].filter((it) => it !== "").join(" ");
      qemu.img(`convert -O qcow2 ${options} disk.raw image.qcow2`);
      await checkDisk(folder.file("image.qcow2"), qemu.disk("image.qcow2"));
    }
  });

  test(`openQcow2() reads chains by qemu-img of ${programs}`, {
    skip: NO_QEMU_IMG,
  }, async () => {
    using folder = new ScratchFolder();
    const qemu = new QemuImages(folder.path, programs);
    writeFileSync(folder.file("base-0"), DISK);
    const sizes = ["64k", "4k", "2M", "16k,extended_l2=on"];
    let base = "-b base-0 -F raw";
    for (let index = 1; index <= 16; index++) {
      const name = `base-${index}`;
      const size = sizes[index % sizes.length];
      // The disk becomes longer than the raw backing file, and shorter again.
      const length = LENGTH + 512 - LENGTH % 512 + 70_144 * (index % 3 - 1);
      qemu.img(
        `create -f qcow2 ${base} -o cluster_size=${size} ${name} ${length}`,
      );
      qemu.io(
        name,
        `write -P ${index} ${index * 33_280} 20480`,
        `write -z ${index * 10_240} 8192`,
      );
      base = `-b ${name} -F qcow2`;
      if (![1, 3, 16].includes(index)) continue;
      await checkDisk(folder.file(name), qemu.disk(name));
    }
  });
}

test("openQcow2() takes a raw backing file as raw, whatever it holds", {
  skip: NO_QEMU_IMG,
}, async () => {
  using folder = new ScratchFolder();
  const qemu = new QemuImages(folder.path);
  writeFileSync(folder.file("secret"), "the host's".repeat(600));
  qemu.img("create -f qcow2 -b secret -F raw guest.raw");
  qemu.img("create -f qcow2 -b guest.raw -F raw image.qcow2");
  const path = folder.file("image.qcow2");
  await checkDisk(path, qemu.disk("image.qcow2"));
  assert.equal(Buffer.from(qemu.disk("image.qcow2")).includes("host's"), false);
});

test("openQcow2() opens an empty disk, whose table may be past the end", {
  skip: NO_QEMU_IMG,
}, async () => {
  using folder = new ScratchFolder();
  const qemu = new QemuImages(folder.path);
  qemu.img("create -f qcow2 image.qcow2 0");
  const image = Buffer.from(qemu.bytes("image.qcow2").subarray(0, 0x1000));
  image.writeBigUInt64BE(0x30000n, 40);
  writeFileSync(folder.file("image.qcow2"), image);
  const expected = qemu.disk("image.qcow2");
  assert.equal(expected.length, 0);
  await checkDisk(folder.file("image.qcow2"), expected);
});
