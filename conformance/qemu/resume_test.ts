import assert from "node:assert/strict";
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import {
  createFileSink,
  exportImage,
  type FileSource,
  memorySource,
  openFileSource,
  openSnapshotSync,
  saveSnapshot,
} from "../../mod.ts";
import { assertSameMemory } from "./compare_snapshots.ts";
import { compareWithQemu } from "./compare_with_qemu.ts";
import { COUNTER_ADDRESS, guestProgram } from "./guest_program.ts";
import { type MigrationOptions, QemuProcess } from "./qemu_process.ts";
import { qemuTest } from "./qemu_test_case.ts";
import type { ScratchDirectory } from "./scratch_directory.ts";

const MIB = 2 ** 20;
const WAYS: Readonly<Record<string, MigrationOptions>> = {
  "": {},
  " with multifd": { multifd: true, channels: 2 },
};

for (const machine of ["pc", "q35"]) {
  for (const [way, options] of Object.entries(WAYS)) {
    qemuTest(
      `a guest that QEMU saved while it ran${way} goes on from our file: ` +
        machine,
      "x86_64",
      async (scratch) => {
        const start = starter(machine, scratch);
        {
          await using qemu = await start("before", []);
          await qemu.qmp.execute("cont");
          await untilSent(scratch.file("before"), 1000);
          await qemu.save("theirs", options);
          using source = openFileSource(scratch.file("theirs"));
          await compareWithQemu(openSnapshotSync(source), qemu, scratch);
        }
        const counter = await saveAgain(scratch);
        await using qemu = await start("after", ["-incoming", "defer"]);
        await qemu.incoming("ours", options);
        using source = openFileSource(scratch.file("ours"));
        const ours = openSnapshotSync(source);
        await compareWithQemu(ours, qemu, scratch);
        using theirs = openFileSource(scratch.file("theirs"));
        assertSameMemory(ours, openSnapshotSync(theirs));
        await checkGoesOn(qemu, counter, scratch);
      },
    );
  }

  qemuTest(
    `a guest starts with memory of ours and no device state: ${machine}`,
    "x86_64",
    async (scratch) => {
      const start = starter(machine, scratch);
      await using qemu = await start("after", ["-incoming", "defer"]);
      const type = String(
        await qemu.qmp.execute("qom-get", {
          path: "/machine",
          property: "type",
        }),
      );
      const memory = new Uint8Array(4 * MIB);
      new DataView(memory.buffer).setUint32(COUNTER_ADDRESS, 1_000_000, true);
      await saveSnapshot(
        createFileSink(scratch.file("ours")),
        [
          { idstr: "pc.ram", source: memorySource(memory) },
          // QEMU puts no firmware into memory that it is to load.
          { idstr: "pc.bios", source: memorySource(guestProgram()) },
        ],
        { machine: type.replace(/-machine$/, "") },
      );
      await qemu.incoming("ours");
      await checkGoesOn(qemu, 1_000_000, scratch);
    },
  );
}

/** Starts QEMUs with the same guest, their serial port going to a file. */
function starter(
  machine: string,
  scratch: ScratchDirectory,
): (serial: string, args: readonly string[]) => Promise<QemuProcess> {
  writeFileSync(scratch.file("guest.bin"), guestProgram());
  return (serial, args) =>
    QemuProcess.start({
      target: "x86_64",
      args: [
        ...["-M", `${machine},acpi=off`, "-m", "4M", "-bios", "guest.bin"],
        ...["-serial", `file:${serial}`],
        ...args,
      ],
      directory: scratch.path,
    });
}

/**
 * Exports all of "theirs" to images and saves those as "ours".
 *
 * Returns where the guest's counter stands.
 */
async function saveAgain(scratch: ScratchDirectory): Promise<number> {
  using source = openFileSource(scratch.file("theirs"));
  const snapshot = openSnapshotSync(source);
  const images: FileSource[] = [];
  try {
    const blocks = [];
    for (const block of snapshot.blocks) {
      const path = scratch.file(`${block.idstr}.image`);
      await exportImage(block, createFileSink(path));
      const image = openFileSource(path);
      images.push(image);
      blocks.push({ idstr: block.idstr, source: image });
    }
    const sink = createFileSink(scratch.file("ours"));
    await saveSnapshot(sink, blocks, { deviceStateFrom: snapshot });
  } finally {
    for (const image of images) image.close();
  }
  const range = { offset: COUNTER_ADDRESS, length: 4 };
  return littleEndian(snapshot.block("pc.ram").readRangeSync(range));
}

/** Lets the guest run and checks that it counts on from `counter`. */
async function checkGoesOn(
  qemu: QemuProcess,
  counter: number,
  scratch: ScratchDirectory,
): Promise<void> {
  await qemu.qmp.execute("cont");
  await untilSent(scratch.file("after"), 300);
  await qemu.qmp.execute("stop");

  const sent = readFileSync(scratch.file("after"));
  // It may have been saved between counting and sending the number.
  const next = sent[0] === (counter & 0xff) ? counter : counter + 1;
  for (const [index, value] of sent.entries()) {
    assert.equal(value, (next + index) & 0xff, `serial byte ${index}`);
  }
  await qemu.pmemsave(COUNTER_ADDRESS, 4, "counter");
  const after = littleEndian(readFileSync(scratch.file("counter")));
  const steps = after - next + 1 - sent.length;
  assert.ok(steps === 0 || steps === 1, `${after} from ${counter}`);
}

/** Waits until the guest has sent so many bytes. */
async function untilSent(serialPath: string, count: number): Promise<void> {
  for (let attempt = 0; attempt < 1000; attempt++) {
    if (statSync(serialPath).size >= count) return;
    await sleep(20);
  }
  throw new Error(`The guest has sent ${statSync(serialPath).size} bytes`);
}

function littleEndian(bytes: Uint8Array): number {
  return new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
}
