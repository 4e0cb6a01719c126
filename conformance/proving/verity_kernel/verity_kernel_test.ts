import assert from "node:assert/strict";
import { constants } from "node:os";
import { basename } from "node:path";
import { execPath } from "node:process";
import { fileURLToPath } from "node:url";
import {
  bootMachine,
  firmwareFolders,
  type MachineParts,
} from "../machine/emulated_machine.ts";
import { machineTest } from "../machine/machine_test_case.ts";
import { BLOCK, makeImage, offsetInImage } from "../machine/make_image.ts";
import { findPrograms } from "../qemu/find_program.ts";
import type { LinuxGuest } from "../qemu/linux_guest.ts";
import type { ScratchDirectory } from "../qemu/scratch_directory.ts";
import { flipByte } from "./flip_byte.ts";
import type { GuestPages, GuestRequest } from "./read_guest_pages.ts";
import { sealedGuest } from "./sealed_guest.ts";

const ROOT = fileURLToPath(new URL("../../..", import.meta.url));
const PROGRAMS = ["fsverity", "qemu-system-x86_64", "qemu-img"];
const FOLDER = "conformance/proving/verity_kernel";
/** What the machine has of the project. */
const PROJECT = [
  ...["mod.ts", "format", "reference", "conformance/proving/qemu", FOLDER],
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
    const guest = await sealedGuest(scratch);
    const { digest } = guest;
    const disk = makeDisk(scratch);
    await using machine = await boot(parts, { scratch, disk });
    await machine.run("mount /dev/vdb /mnt");
    await machine.run("fsverity enable /mnt/vm.mr");
    await machine.run("fsverity enable --hash-alg=sha512 /mnt/long.mr");
    const [long, measured] =
      (await machine.run("fsverity measure /mnt/long.mr /mnt/vm.mr"))
        .split("\n").map((line) => line.split(" ")[0]);
    assert.equal(measured, digest);
    const printed = await runFile(
      machine,
      `${FOLDER}/measure_files.ts`,
      "/mnt/vm.mr /mnt/plain.mr /mnt/long.mr /tmp/loop",
    );
    assert.deepEqual(JSON.parse(printed), [digest, null, long, null]);

    const good = guest.hashOf(GOOD);
    const bad = guest.hashOf(BAD);
    assert.notEqual(good, bad);
    const withDigest = ["--digest", digest];
    const pages = await readPages(machine, "vm.mr", withDigest);
    assert.deepEqual(pages, { pages: [good, bad] });
    const refusals = {
      "plain.mr": "fs-verity is not enabled for it",
      "long.mr": `it enforces ${long}`,
    };
    for (const [file, found] of Object.entries(refusals)) {
      const resume = `resume /mnt/${file} --via map --digest ${digest}`;
      await assert.rejects(
        runFile(machine, "reference/cli/main.ts", `${resume} -- -M pc`),
        new RegExp(`status 1 and .*${digest}: ${found}; enable fs-verity`),
      );
    }

    await machine.run("umount /mnt");
    for (const path of ["vm.mr", "plain.mr"]) {
      const index = guest.placeOf(BAD) / BLOCK;
      flipByte(disk, offsetInImage(disk, { path, index }) + 1234);
    }
    await machine.run("mount /dev/vdb /mnt");
    // Without fs-verity, the guest gets the changed page.
    const { pages: [first, second], exit } = await readPages(
      machine,
      "plain.mr",
    );
    assert.deepEqual([first, exit], [good, undefined]);
    assert.notEqual(second, bad);
    const failed = await readPages(machine, "vm.mr", withDigest);
    assert.deepEqual(failed.pages, [good]);
    assert.equal(failed.exit?.code, 128 + constants.signals.SIGBUS);
    assert.match(
      failed.exit.stdout,
      /QEMU was killed by SIGBUS.*\/mnt\/vm\.mr/,
    );
  },
);

/** Makes a disk with copies of the snapshot and of its sidecar. */
function makeDisk(scratch: ScratchDirectory): string {
  const disk = scratch.file("disk");
  const copies = ["vm.mr", "plain.mr", "long.mr"].flatMap((name) => [
    [name, scratch.file("saved")],
    [`${name}.verity`, scratch.file("saved.verity")],
  ]);
  makeImage(disk, {
    options: ["-O", "verity"],
    files: {
      ...Object.fromEntries(copies),
      "guest.bin": scratch.file("guest.bin"),
    },
  });
  return disk;
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

/** Runs a file of the project in the machine; returns what it prints. */
async function runFile(
  machine: LinuxGuest,
  path: string,
  args: string,
): Promise<string> {
  const runtime = basename(execPath);
  const run = "Deno" in globalThis ? `${runtime} run -A --quiet` : runtime;
  const command = `${run} /project/${path} ${args}`;
  return await machine.run(command, { timeoutMs: TIMEOUT_MS });
}

/** Resumes the guest of a file by map, and reads two pages of its memory. */
async function readPages(
  machine: LinuxGuest,
  name: string,
  options: readonly string[] = [],
): Promise<GuestPages> {
  const request: GuestRequest = {
    file: `/mnt/${name}`,
    bios: "/mnt/guest.bin",
    pages: [GOOD, BAD],
    options,
  };
  const path = `${FOLDER}/read_guest_pages.ts`;
  const word = `'${JSON.stringify(request)}'`;
  return JSON.parse(await runFile(machine, path, word));
}
