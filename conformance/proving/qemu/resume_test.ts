import { writeFileSync } from "node:fs";
import {
  createFileSink,
  exportImage,
  type FileSource,
  memorySource,
  openFileSource,
  openSnapshotSync,
  saveSnapshot,
} from "../../../mod.ts";
import { assertSameMemory } from "./compare_snapshots.ts";
import { compareWithQemu } from "./compare_with_qemu.ts";
import { checkCounts, savedCounter, untilSent } from "./counting_guest.ts";
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
      `a guest that QEMU saved while it ran${way} continues from "ours": ` +
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
        await saveAgain(scratch);
        await using qemu = await start("after", ["-incoming", "defer"]);
        await qemu.incoming("ours", options);
        using source = openFileSource(scratch.file("ours"));
        const ours = openSnapshotSync(source);
        await compareWithQemu(ours, qemu, scratch);
        using theirs = openFileSource(scratch.file("theirs"));
        assertSameMemory(ours, openSnapshotSync(theirs));
        await qemu.qmp.execute("cont");
        await checkCounts(qemu, savedCounter(scratch, "theirs"), scratch);
      },
    );
  }

  qemuTest(
    `a guest starts from "ours" without device state: ${machine}`,
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
          // QEMU does not write firmware into memory that it will load.
          { idstr: "pc.bios", source: memorySource(guestProgram()) },
        ],
        { machine: type.replace(/-machine$/, "") },
      );
      await qemu.incoming("ours");
      await qemu.qmp.execute("cont");
      await checkCounts(qemu, 1_000_000, scratch);
    },
  );
}

/** Starts QEMU with the guest, its serial port connected to a file. */
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

/** Exports all RAMBlocks of "theirs" to images and saves those as "ours". */
async function saveAgain(scratch: ScratchDirectory): Promise<void> {
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
}
