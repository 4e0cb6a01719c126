import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { copyFileSync, writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { createFileSink, openFileSource, openSnapshot } from "../../../mod.ts";
import {
  diffSnapshots,
  openQcow2,
  packQcow2,
  snapshotRanges,
} from "../../../reference/doors/convert.ts";
import { sharedExtents } from "../../../reference/doors/linux.ts";
import {
  NO_REFLINKS,
  REFLINK_TYPES,
  ReflinkDisk,
} from "../../../reference/testing/reflink_disk.ts";
import {
  diffFiles,
  type FoundDifferences,
  pagesByCmp,
  pagesFound,
  reflinkChanges,
} from "./compared_files.ts";
import { continueSaved } from "./continue_saved.ts";
import { LAST_PAGE, startDirtyingGuest } from "./dirtying_guest.ts";
import { QemuProcess } from "./qemu_process.ts";
import { qemuTest } from "./qemu_test_case.ts";
import type { ScratchDirectory } from "./scratch_directory.ts";

const GIB = 2 ** 30;
const MIB = 2 ** 20;
const PAGE = 4096;
/** RAM from here on is above 4 GiB for the guest. */
const LOW = 3 * GIB;
/** The length of a BIOS, and where its first instruction is. */
const [BIOS_LENGTH, RESET_VECTOR] = [0x10000, 0xfff0];
/** Ports of the clock's memory: the number of a byte, and the byte. */
const [CMOS_INDEX, CMOS_DATA] = [0x70, 0x71];

/** A BIOS that does nothing. */
function haltingProgram(): Uint8Array {
  const bios = new Uint8Array(BIOS_LENGTH);
  bios.set([0xfa, 0xf4, 0xeb, 0xfd], RESET_VECTOR); // cli; again: hlt; jmp again
  return bios;
}

qemuTest(
  "diffSnapshots() finds exactly what was changed between two saves of a guest",
  "x86_64",
  async (scratch) => {
    writeFileSync(scratch.file("guest.bin"), haltingProgram());
    await using qemu = await QemuProcess.start({
      target: "x86_64",
      args: ["-M", "pc", "-m", "4G", "-device", "VGA", "-bios", "guest.bin"],
      directory: scratch.path,
    });
    const { qtest } = qemu;
    // Written before: a page that stays, one that changes, one that vanishes.
    for (const address of [16 * MIB, 32 * MIB, 4 * GIB + 5 * PAGE]) {
      await qtest.memset(address, 2 * PAGE, 1);
    }
    const [a, b] = [scratch.file("a"), scratch.file("b")];
    await qemu.save(a);
    // Only a guest that has continued can be saved again.
    await continueSaved(qemu);
    await qemu.qmp.execute("stop");
    await qtest.write(32 * MIB + 100, Uint8Array.of(7));
    await qtest.memset(4 * GIB + 5 * PAGE, PAGE, 0);
    await qtest.memset(4 * GIB + 8 * PAGE + 5, 3 * PAGE, 9);
    await qtest.outb(CMOS_INDEX, 0x44);
    await qtest.outb(CMOS_DATA, 0x5a);
    await qemu.save(b);

    const found = await diffFiles(a, b, { jobs: 2 });
    const { differences } = found;
    const pages = differences.flatMap((it) =>
      it.kind !== "pages"
        ? []
        : [[it.idstr, it.change, it.address, it.offset, it.length]]
    );
    assert.deepEqual(pages, [
      ["pc.ram", "changed", 32 * MIB, 32 * MIB, PAGE],
      ["pc.ram", "vanished", 4 * GIB + 5 * PAGE, LOW + 5 * PAGE, PAGE],
      ["pc.ram", "appeared", 4 * GIB + 8 * PAGE, LOW + 8 * PAGE, 4 * PAGE],
    ]);
    const kinds = new Set(differences.map(({ kind }) => kind));
    assert.deepEqual([...kinds], ["pages", "field"]);
    const fields = differences.flatMap((it) => it.kind === "field" ? [it] : []);
    const rtc = fields.filter(({ idstr }) => idstr === "mc146818rtc");
    const memory = rtc.find(({ field }) => field === "cmos_data");
    assert.ok(memory?.a instanceof Uint8Array);
    assert.ok(memory.b instanceof Uint8Array);
    assert.notEqual(memory.a[0x44], 0x5a);
    assert.equal(memory.b[0x44], 0x5a);
    const index = rtc.find(({ field }) => field === "cmos_index");
    assert.equal(index?.b, 0x44);
    const again = await diffFiles(a, a);
    assert.ok(again.summary.same);
    assert.deepEqual(again.differences, []);
  },
);

/** Saves a guest that runs twice, into files on another file system. */
async function saveTwice(
  scratch: ScratchDirectory,
  a: string,
  b: string,
): Promise<void> {
  await using qemu = await startDirtyingGuest(scratch);
  const saved = scratch.file("saved");
  await qemu.save(saved);
  copyFileSync(saved, a);
  const rounds = async () => {
    const { buffer, byteOffset } = await qemu.qtest.read(LAST_PAGE, 4);
    return new DataView(buffer, byteOffset).getUint32(0, true);
  };
  const before = await rounds();
  await continueSaved(qemu);
  // The guest is somewhere in a round: after two, it has changed all pages.
  while (await rounds() < before + 2) await sleep(10);
  await qemu.save(saved);
  copyFileSync(saved, b);
}

qemuTest(
  "diffSnapshots() finds the pages of a running guest that cmp finds, also in images",
  "x86_64",
  async (scratch) => {
    const [a, b] = [scratch.file("a"), scratch.file("b")];
    await saveTwice(scratch, a, b);
    const found = await diffFiles(a, b);
    const pages = pagesFound(found, "pc.ram");
    assert.ok(pages.length >= 128, `${pages.length}`);
    assert.deepEqual(pages, await pagesByCmp([a, b], "pc.ram"));

    using sourceA = openFileSource(a);
    using sourceB = openFileSource(b);
    const [imageA, imageB] = [`${a}.qcow2`, `${b}.qcow2`];
    for (
      const [source, path, backing] of [
        [sourceA, imageA, undefined],
        [sourceB, imageB, { source: sourceA, name: imageA, format: "qcow2" }],
      ] as const
    ) {
      const dataRanges = snapshotRanges(await openSnapshot(source));
      const sink = createFileSink(path);
      await packQcow2(source, sink, { dataRanges, backing });
    }
    using fileA = openFileSource(imageA);
    using fileB = openFileSource(imageB);
    using diskA = await openQcow2(fileA);
    using diskB = await openQcow2(fileB, {
      openBacking: () => openFileSource(imageA),
    });
    const images = await diffSnapshots(
      await openSnapshot(diskA),
      await openSnapshot(diskB),
    );
    const [ram] = images.blocks;
    assert.equal(ram.idstr, "pc.ram");
    assert.equal(ram.changed + ram.appeared + ram.vanished, pages.length);
    assert.equal(images.devices, found.summary.devices);
    const { readBytes } = found.summary.blocks[0];
    assert.ok(ram.readBytes < readBytes / 2, `${ram.readBytes}`);
    assert.ok(ram.sharedInImage > 400, `${ram.sharedInImage}`);
  },
);

const skipped = NO_REFLINKS === false ? "" : ` (skipped: ${NO_REFLINKS})`;

for (const type of REFLINK_TYPES) {
  qemuTest(
    `diffSnapshots() does not read what a copy by reflink shares, on ${type}${skipped}`,
    "x86_64",
    async (scratch) => {
      if (skipped !== "") return;
      using disk = new ReflinkDisk(type);
      const [a, b, copy] = ["a", "b", "copy"].map((it) => disk.file(it));
      await saveTwice(scratch, a, b);
      reflinkChanges(a, b, copy);
      execFileSync("cmp", [b, copy]);
      const all = await diffFiles(a, b, { sharedExtents });
      const found = await diffFiles(a, copy, { sharedExtents });
      assert.deepEqual(found.differences, all.differences);
      const pages = pagesFound(found, "pc.ram");
      assert.ok(pages.length >= 128, `${pages.length}`);
      const [ram] = found.summary.blocks;
      assert.ok(ram.sharedInExtents > 400, `${ram.sharedInExtents}`);
      const bound = 2 * (pages.length + 16) * PAGE;
      assert.ok(ram.readBytes <= bound, `${ram.readBytes} of ${bound}`);
      // Device state, headers and bitmaps are read as before.
      const rest = ({ summary, readBytes }: FoundDifferences) =>
        summary.blocks.reduce((sum, it) => sum - it.readBytes, readBytes);
      const more = rest(all) + 0x10000;
      let less = rest(found);
      // Other tests of this process read at the same time.
      for (let tries = 9; less > more && tries > 0; tries--) {
        less = rest(await diffFiles(a, copy, { sharedExtents }));
      }
      assert.ok(less <= more, `${less} and ${more}`);

      const unaware = await diffFiles(a, copy);
      assert.deepEqual(unaware.differences, all.differences);
      assert.equal(
        unaware.summary.blocks[0].readBytes,
        all.summary.blocks[0].readBytes,
      );
      // The same file by another name is not read at all.
      const alike = await diffFiles(a, a, { sharedExtents });
      assert.equal(alike.summary.blocks[0].readBytes, 0);
    },
  );
}
