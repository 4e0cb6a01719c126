import assert from "node:assert/strict";
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { type FileSource, openFileSource } from "../local/mod.ts";
import { openQcow2 } from "../qcow2/mod.ts";
import { openSnapshot } from "../reading/mod.ts";
import { createFileSink, memorySink } from "../sinks/mod.ts";
import { memorySource } from "../sources/mod.ts";
import { savedFile, testMemory } from "../testing/saved_file.ts";
import { ScratchFolder } from "../testing/scratch_folder.ts";
import {
  checkExact,
  checkSameLayout,
  diskData,
  packQcow2,
  snapshotLength,
  snapshotRanges,
  unpackQcow2,
} from "./mod.ts";
import { memoryBytes } from "./testing/memory_file.ts";
import { assertEqual } from "./testing/packed_bytes.ts";
import { NO_QEMU_IMG, QEMU_IMGS, qemuImg } from "../testing/qemu_img.ts";

const MIB = 0x100000;

/** Returns a snapshot whose clear pages hold stale bytes. */
async function staleFile(): Promise<Uint8Array> {
  const file = await savedFile({
    ram: testMemory(256, [0, 3, 100, 200]),
    rom: testMemory(16, [5]),
  });
  const { blocks } = await openSnapshot(memorySource(file));
  for (const { pagesOffset } of blocks) {
    file.fill(0xaa, pagesOffset + 0x1000, pagesOffset + 0x3000);
  }
  return file;
}

/** Packs a snapshot, and returns what is unpacked from the image. */
async function roundTrip(
  file: Uint8Array,
  { exact }: { readonly exact: boolean },
): Promise<Uint8Array> {
  const source = memorySource(file);
  const snapshot = await openSnapshot(source);
  const image = memorySink();
  await packQcow2(source, image, {
    dataRanges: exact ? undefined : snapshotRanges(snapshot),
  });
  using disk = await openQcow2(memorySource(image.bytes()));
  const byteLength = await snapshotLength(await openSnapshot(disk));
  const out = memorySink();
  await unpackQcow2(disk, out, { byteLength });
  return out.bytes();
}

test("unpackQcow2() gives back a snapshot byte for byte, its length included", async () => {
  const file = await staleFile();
  assert.notEqual(file.length % 512, 0);
  assertEqual(await roundTrip(file, { exact: true }), file);
});

test("snapshotRanges() leaves out stale bytes, and nothing else", async () => {
  const file = await staleFile();
  const unpacked = await roundTrip(file, { exact: false });
  const { blocks } = await openSnapshot(memorySource(file));
  for (const { pagesOffset } of blocks) {
    file.fill(0, pagesOffset + 0x1000, pagesOffset + 0x3000);
  }
  assertEqual(unpacked, file);
});

test("snapshotLength() is that of the disk if there is no vmdesc", async () => {
  const file = await savedFile({ ram: testMemory(4, [1]) });
  const snapshot = await openSnapshot(memorySource(file));
  const { eofOffset } = await snapshot.deviceState();
  const bytes = file.slice(0, (eofOffset ?? 0) + 1);
  const cut = await openSnapshot(memorySource(bytes));
  const length = Math.ceil(bytes.length / 512) * 512;
  assert.equal(await snapshotLength(cut), length);
});

test("checkExact() refuses a file whose length an image cannot tell", async () => {
  const file = await savedFile({ ram: testMemory(4, [1]) });
  const padded = (length: number, byte = 0) => {
    const bytes = new Uint8Array(length).fill(byte, file.length);
    bytes.set(file);
    return bytes;
  };
  const sectors = Math.ceil(file.length / 512) * 512;
  const check = async (bytes: Uint8Array) =>
    await checkExact(await openSnapshot(memorySource(bytes)));
  const right = [file, padded(sectors + 512), padded(sectors, 1)];
  for (const bytes of right) {
    await check(bytes);
    assertEqual(await roundTrip(bytes, { exact: true }), bytes);
  }
  for (const length of [sectors, file.length + 1, sectors + 700]) {
    await assert.rejects(check(padded(length)), /exactly: it has \d+ bytes/);
  }
});

test("snapshotLength() is that of the file after qemu-img made an image", {
  skip: NO_QEMU_IMG,
}, async () => {
  using scratch = new ScratchFolder();
  const [path, image] = ["vm.mr", "vm.qcow2"].map((it) => scratch.file(it));
  const file = await savedFile({ ram: testMemory(64, [0, 9]) });
  writeFileSync(path, file);
  for (const program of QEMU_IMGS) {
    qemuImg(program, "convert", "-O", "qcow2", "-c", path, image);
    using source = openFileSource(image);
    using disk = await openQcow2(source);
    const length = await snapshotLength(await openSnapshot(disk));
    assert.equal(length, file.length);
  }
});

test("unpackQcow2() unpacks a chain in threads, with holes for zeros", async () => {
  using scratch = new ScratchFolder();
  const [below, top, out] = ["base", "top", "out"].map((it) =>
    scratch.file(it)
  );
  const bytes = new Uint8Array(200 * MIB);
  for (let at = 0; at < 200; at += 2) bytes[at * MIB] = at + 1;
  bytes.set(memoryBytes(3 * MIB, 5), 20 * MIB);
  await packQcow2(memorySource(bytes), createFileSink(below));
  bytes.fill(0, 40 * MIB, 80 * MIB);
  bytes.set(memoryBytes(2 * MIB, 6), 100 * MIB);
  const open = async (file: FileSource) =>
    await openQcow2(file, { openBacking: () => openFileSource(below) });
  {
    using file = openFileSource(below);
    const backing = {
      source: await open(file),
      name: "base",
      format: "qcow2",
    } as const;
    await packQcow2(memorySource(bytes), createFileSink(top), { backing });
  }
  for (const jobs of [1, 2]) {
    using file = openFileSource(top);
    using disk = await open(file);
    const progress: number[] = [];
    const sink = createFileSink(out, { force: true });
    await unpackQcow2(disk, sink, {
      jobs,
      onProgress: ({ done }) => progress.push(done),
    });
    assertEqual(readFileSync(out), bytes);
    assert.ok(statSync(out).blocks * 512 < 8 * MIB);
    assert.equal(progress.at(-1), bytes.length);
    let data = 0;
    for await (const { length } of diskData(disk)) data += length;
    assert.ok(data < 20 * MIB, `${data}`);
  }
});

test("checkSameLayout() says how two snapshots differ", async () => {
  const snapshotOf = async (blocks: Readonly<Record<string, Uint8Array>>) =>
    await openSnapshot(memorySource(await savedFile(blocks)));
  const [small, large] = [testMemory(4, [1]), testMemory(8, [1])];
  const snapshot = await snapshotOf({ ram: small, rom: small });
  checkSameLayout(
    snapshot,
    await snapshotOf({ ram: large.subarray(0, 0x4000), rom: small }),
  );
  const refused: readonly [Readonly<Record<string, Uint8Array>>, RegExp][] = [
    [{ ram: small }, /the base has no RAMBlock "rom"/],
    [{ ram: small, bios: small }, /the base has no RAMBlock "rom"/],
    [
      { ram: large, rom: small },
      /"ram" has 16384 bytes in pages of 4096 at 0x100000, in the base 32768/,
    ],
    [
      { ram: small, rom: small, vga: small },
      /only the base has the RAMBlock "vga"/,
    ],
  ];
  const machine = "pc-q35-10.0";
  const file = await savedFile({ ram: small, rom: small }, { machine });
  const q35 = await openSnapshot(memorySource(file));
  assert.throws(
    () => checkSameLayout(snapshot, q35),
    /the machine is "none", in the base "pc-q35-10\.0"/,
  );
  for (const [blocks, message] of refused) {
    const base = await snapshotOf(blocks);
    assert.throws(() => checkSameLayout(snapshot, base), message);
  }
});
