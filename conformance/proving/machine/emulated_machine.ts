import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { packageCache, type PackageOptions } from "../qemu/debian_package.ts";
import { prepareBusybox, writeInitrd } from "../qemu/find_linux.ts";
import { LinuxGuest } from "../qemu/linux_guest.ts";
import { MACHINE_INIT, MACHINE_LOOP } from "./machine_init.ts";
import {
  findModules,
  type MachineKernel,
  prepareKernel,
} from "./machine_kernel.ts";
import { type ImageContents, makeImage } from "./make_image.ts";

/** The parts of a machine that are downloaded. */
export interface MachineParts {
  readonly kernel: MachineKernel;
  readonly busybox: string;
}

/** Options of a machine. */
export interface MachineOptions
  extends Pick<ImageContents, "programs" | "files"> {
  readonly parts: MachineParts;
  /** For its images and sockets: an absolute path. */
  readonly directory: string;
  /** Images of more disks: `/dev/vdb` and so on. */
  readonly disks?: readonly string[];
  /** Names of kernel modules to load besides those for disks. */
  readonly modules?: readonly string[];
  /** The size of its RAM in QEMU's notation. Default: 2G. */
  readonly memory?: string;
}

const DISK_MODULES = ["virtio_pci", "virtio_blk"];
const FOLDERS = ["bin", "dev", "mnt", "proc", "root", "sys", "tmp"];

/** Downloads the parts of a machine; they are cached. */
export async function prepareMachine(
  options: PackageOptions = {},
): Promise<MachineParts> {
  return {
    kernel: await prepareKernel(options),
    busybox: await prepareBusybox(options),
  };
}

/**
 * Boots an emulated machine with Debian's kernel, which has features that the
 * kernel of this machine may lack. Its `run` runs a shell command inside, as
 * root, and returns what it prints.
 *
 * It has busybox and the given programs of this machine. What it writes to
 * `disks` stays there, the rest is lost.
 */
export async function bootMachine(
  options: MachineOptions,
): Promise<LinuxGuest> {
  const { parts, directory, memory = "2G", disks = [] } = options;
  const root = join(directory, "root.img");
  makeImage(root, {
    programs: options.programs ?? [],
    files: { ...options.files, "bin/busybox": parts.busybox },
    folders: FOLDERS,
  });
  const machine = await LinuxGuest.start({
    directory,
    args: [
      ...["-M", "q35", "-accel", "tcg,thread=multi", "-cpu", "max"],
      ...["-smp", "2", "-m", memory, "-nodefaults", "-display", "none"],
      ...["-no-reboot", "-kernel", parts.kernel.vmlinuz],
      ...["-initrd", initrdOf(options), "-append"],
      "console=ttyS0 quiet panic=-1 cryptomgr.notests",
      ...["-drive", `${diskOf(root)},snapshot=on`],
      ...disks.flatMap((it) => ["-drive", diskOf(it)]),
    ],
  });
  try {
    await machine.waitReady();
    return machine;
  } catch (error) {
    await machine[Symbol.asyncDispose]();
    throw error;
  }
}

/** The paths of the folders with QEMU's firmware. */
export function firmwareFolders(qemu: string): string[] {
  return execFileSync(qemu, ["-L", "help"], { encoding: "utf8" })
    .split("\n").filter((it) => it !== "" && existsSync(it));
}

function diskOf(path: string): string {
  return `file=${path.replaceAll(",", ",,")},if=virtio,format=raw`;
}

function initrdOf({ parts, modules = [] }: MachineOptions): string {
  const encoder = new TextEncoder();
  const paths = findModules(parts.kernel, [...DISK_MODULES, ...modules]);
  return writeInitrd(packageCache(), [
    ...["bin", "dev", "modules", "proc", "root"].map((path) => ({ path })),
    { path: "bin/busybox", content: readFileSync(parts.busybox) },
    // Numbered, since the shell sorts them.
    ...paths.map((path, index) => ({
      path: `modules/${String(index).padStart(3, "0")}.ko`,
      content: readFileSync(path),
    })),
    { path: "loop", content: encoder.encode(MACHINE_LOOP) },
    { path: "init", content: encoder.encode(MACHINE_INIT) },
  ]);
}
