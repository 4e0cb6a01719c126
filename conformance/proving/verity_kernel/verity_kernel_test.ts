import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { closeSync, openSync, readSync, writeSync } from "node:fs";
import { constants } from "node:os";
import { basename } from "node:path";
import { execPath } from "node:process";
import { fileURLToPath } from "node:url";
import { openFileSource, openSnapshotSync } from "../../../mod.ts";
import {
  bootMachine,
  firmwareFolders,
  type MachineParts,
} from "../machine/emulated_machine.ts";
import { machineTest } from "../machine/machine_test_case.ts";
import { BLOCK, makeImage, offsetInImage } from "../machine/make_image.ts";
import { saveRunning } from "../qemu/counting_guest.ts";
import { findPrograms } from "../qemu/find_program.ts";
import type { LinuxGuest } from "../qemu/linux_guest.ts";
import type { ScratchDirectory } from "../qemu/scratch_directory.ts";
import { type GuestPages, MACHINE } from "./read_guest_pages.ts";

const ROOT = fileURLToPath(new URL("../../..", import.meta.url));
const PROGRAMS = ["fsverity", "qemu-system-x86_64", "qemu-img"];
/** What the machine runs of the project. */
const PROJECT = [
  ...["mod.ts", "format", "reference", "conformance/proving/qemu"],
  "conformance/proving/verity_kernel",
];
/** An emulated machine is slow. */
const TIMEOUT_MS = 200_000;
/** A page that the guest stored. */
const GOOD = 18;
/** Another one, of which a byte is flipped on the disk. */
const BAD = 17;

machineTest(
  "the kernel gives QEMU no page of a mapped file that fails fs-verity",
  PROGRAMS,
  async (parts, scratch) => {
    await saveRunning(MACHINE, scratch);
    const saved = scratch.file("saved");
    const digest = fsverityDigest(saved);
    const disk = scratch.file("disk");
    makeImage(disk, {
      options: ["-O", "verity"],
      files: {
        "vm.mr": saved,
        "plain.mr": saved,
        "long.mr": saved,
        "guest.bin": scratch.file("guest.bin"),
      },
    });
    await using machine = await boot(parts, { scratch, disk });

    await machine.run("mount /dev/vdb /mnt");
    await machine.run("fsverity enable /mnt/vm.mr");
    await machine.run("fsverity enable --hash-alg=sha512 /mnt/long.mr");
    const measured = (await machine.run("fsverity measure /mnt/[lv]*.mr"))
      .split("\n").map((line) => line.split(" ")[0]);
    assert.equal(measured[1], digest);
    assert.deepEqual(
      await runScript(machine, "measure_files.ts", "/mnt/*.mr", "/tmp/loop"),
      [measured[0], null, digest, null],
    );

    const good = hashOf(scratch, GOOD);
    const bad = hashOf(scratch, BAD);
    assert.notEqual(good, bad);
    assert.deepEqual(await readPages(machine, "vm.mr"), { pages: [good, bad] });

    await machine.run("umount /mnt");
    const offset = placeOf(scratch, BAD) + 1234;
    for (const path of ["vm.mr", "plain.mr"]) {
      flipByte(disk, { path, offset });
    }
    await machine.run("mount /dev/vdb /mnt");
    // Without fs-verity, the guest gets the changed page.
    const { pages: [first, second], exit } = await readPages(
      machine,
      "plain.mr",
    );
    assert.deepEqual([first, exit], [good, undefined]);
    assert.notEqual(second, bad);
    const failed = await readPages(machine, "vm.mr");
    assert.deepEqual(failed.pages, [good]);
    assert.equal(failed.exit?.code, 128 + constants.signals.SIGBUS);
  },
);

function fsverityDigest(path: string): string {
  const args = ["digest", path];
  const text = execFileSync("fsverity", args, { encoding: "utf8" });
  return text.split(" ")[0] ?? "";
}

async function boot(
  parts: MachineParts,
  { scratch, disk }: {
    readonly scratch: ScratchDirectory;
    readonly disk: string;
  },
): Promise<LinuxGuest> {
  const programs = PROGRAMS.map((it) => findPrograms(it)[0] ?? it);
  const firmware = firmwareFolders("qemu-system-x86_64");
  return await bootMachine({
    ...{ parts, directory: scratch.path, disks: [disk] },
    modules: ["sha512_generic"],
    programs: [...programs, execPath],
    files: Object.fromEntries([
      ...firmware.map((path) => [path, path]),
      ...PROJECT.map((path) => [`project/${path}`, `${ROOT}/${path}`]),
    ]),
  });
}

/** Runs a script of this folder in the machine, and returns what it prints. */
async function runScript(
  machine: LinuxGuest,
  name: string,
  ...args: readonly string[]
): Promise<unknown> {
  const runtime = basename(execPath);
  const run = "Deno" in globalThis ? `${runtime} run -A --quiet` : runtime;
  const path = `/project/conformance/proving/verity_kernel/${name}`;
  const command = `${run} ${path} ${args.join(" ")}`;
  return JSON.parse(await machine.run(command, { timeoutMs: TIMEOUT_MS }));
}

/** Resumes the guest of a file by map, and reads two pages of its memory. */
async function readPages(
  machine: LinuxGuest,
  name: string,
  ...options: readonly string[]
): Promise<GuestPages> {
  return await runScript(
    machine,
    "read_guest_pages.ts",
    ...[`/mnt/${name}`, "/mnt/guest.bin", `${GOOD},${BAD}`, ...options],
  ) as GuestPages;
}

/** The SHA-256 of a page of the guest's memory in the snapshot. */
function hashOf(scratch: ScratchDirectory, page: number): string {
  using source = openFileSource(scratch.file("saved"));
  const bytes = openSnapshotSync(source).block("pc.ram").readPageSync(page);
  return createHash("sha256").update(bytes).digest("hex");
}

/** Where a page is in the snapshot. */
function placeOf(scratch: ScratchDirectory, page: number): number {
  using source = openFileSource(scratch.file("saved"));
  const { pagesOffset } = openSnapshotSync(source).block("pc.ram");
  return pagesOffset + page * BLOCK;
}

/** Flips a byte of a file where it is on the disk. */
function flipByte(
  disk: string,
  { path, offset }: { readonly path: string; readonly offset: number },
): void {
  const index = Math.floor(offset / BLOCK);
  const place = offsetInImage(disk, { path, index }) + offset % BLOCK;
  const fd = openSync(disk, "r+");
  const byte = new Uint8Array(1);
  readSync(fd, byte, 0, 1, place);
  byte[0] ^= 1;
  writeSync(fd, byte, 0, 1, place);
  closeSync(fd);
}
