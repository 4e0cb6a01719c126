import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { openFileSource, openSnapshotSync } from "../../../mod.ts";
import { compareWithQemu } from "./compare_with_qemu.ts";
import { randomBytes } from "./known_memory.ts";
import { QemuProcess } from "./qemu_process.ts";
import type { ScratchDirectory } from "./scratch_directory.ts";

/** The size of the guest's RAM in bytes. */
export const DIRTYING_RAM = 64 * 2 ** 20;
/** The part of it that the guest does not see: the firmware is mapped there. */
export const HIDDEN: readonly [number, number] = [0xc0000, 0x100000];

const BIOS_LENGTH = 0x10000;
const RESET_VECTOR = 0xfff0;
/** The last page that the guest writes to, first a counter of its rounds. */
export const LAST_PAGE = 0x8f000;
/** Rounds after which a migration has sent changed pages several times. */
const ROUNDS = 8;

/**
 * A BIOS that increments a counter in each page from 64 KiB to 576 KiB, as fast
 * as it can.
 */
function dirtyingProgram(): Uint8Array {
  const bios = new Uint8Array(BIOS_LENGTH);
  bios.set([
    // again:
    ...[0xbb, 0x00, 0x10], //             mov bx, 0x1000
    // segment:
    ...[0x8e, 0xc3], //                   mov es, bx
    ...[0x31, 0xff], //                   xor di, di
    // page:
    ...[0x26, 0x66, 0xff, 0x05], //       inc dword es:[di]
    ...[0x81, 0xc7, 0x00, 0x10], //       add di, 0x1000
    ...[0x75, 0xf6], //                   jnz page
    ...[0x81, 0xc3, 0x00, 0x10], //       add bx, 0x1000
    ...[0x81, 0xfb, 0x00, 0x90], //       cmp bx, 0x9000
    ...[0x72, 0xe8], //                   jb segment
    ...[0xeb, 0xe3], //                   jmp again
  ]);
  bios.set([0xe9, 0x0d, 0x00], RESET_VECTOR); // jmp to the first byte
  return bios;
}

/** The machine; it reads its BIOS from the working directory. */
const MACHINE = ["-M", "pc", "-m", "64M", "-bios", "guest.bin"];

/** Starts a guest that continuously writes to 128 pages of its memory. */
export async function startDirtyingGuest(
  scratch: ScratchDirectory,
): Promise<QemuProcess> {
  writeFileSync(scratch.file("guest.bin"), dirtyingProgram());
  writeFileSync(scratch.file("noise.bin"), randomBytes(2 << 20, 5).bytes);
  const qemu = await QemuProcess.start({
    target: "x86_64",
    args: [
      ...MACHINE,
      ...["-device", "loader,file=noise.bin,addr=0x1000000,force-raw=on"],
    ],
    directory: scratch.path,
  });
  await qemu.qmp.execute("cont");
  while ((await qemu.qtest.read(LAST_PAGE, 1))[0] === 0) await sleep(10);
  return qemu;
}

/** Parameters that keep the migration slow until endMigration() is called. */
export const SLOWLY = {
  "max-bandwidth": 4 * 2 ** 20,
  "downtime-limit": 1,
  "xbzrle-cache-size": 16 * 2 ** 20,
};

/** Lets a migration continue for some rounds, then lets it complete. */
export async function endMigration(qemu: QemuProcess): Promise<void> {
  for (let rounds = 0; rounds < ROUNDS;) {
    await sleep(20);
    const { status, ram } = await qemu.qmp.execute("query-migrate") as {
      readonly status?: string;
      readonly ram?: { readonly "dirty-sync-count": number };
    };
    if (status === "completed" || status === "failed") return;
    rounds = ram?.["dirty-sync-count"] ?? 0;
  }
  await qemu.qmp.execute("migrate-set-parameters", {
    "max-bandwidth": 2 ** 40,
    "downtime-limit": 2000,
  });
}

/** Loads the guest from a snapshot in QEMU, and compares the memory. */
export async function assertQemuLoads(
  scratch: ScratchDirectory,
  filename: string,
): Promise<void> {
  await using qemu = await QemuProcess.start({
    target: "x86_64",
    args: [...MACHINE, "-incoming", "defer"],
    directory: scratch.path,
  });
  await qemu.incoming(filename);
  using source = openFileSource(scratch.file(filename));
  const snapshot = openSnapshotSync(source);
  assert.ok(await compareWithQemu(snapshot, qemu, scratch) > 2 ** 25);
}
