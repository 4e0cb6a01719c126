import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, realpathSync } from "node:fs";
import { delimiter, join } from "node:path";
import process from "node:process";

/** The folders in PATH with `qemu-img` and `qemu-io`, of one or more versions. */
export const QEMU_FOLDERS: readonly string[] = [
  ...new Set(
    (process.env.PATH ?? "").split(delimiter)
      .filter((it) =>
        ["qemu-img", "qemu-io"].every((name) => existsSync(join(it, name)))
      )
      .map((it) => realpathSync(it)),
  ),
];

/** The programs `qemu-img` in them. */
export const QEMU_IMGS: readonly string[] = QEMU_FOLDERS
  .map((folder) => join(folder, "qemu-img"));

/** Reason to skip a test that needs them. */
export const NO_QEMU_IMG: string | false = QEMU_FOLDERS.length > 0 ||
    process.env.MAPPED_RAM_REQUIRE_QEMU === "1"
  ? false
  : "qemu-img or qemu-io is not installed";

/** Runs `qemu-img`; returns what it prints. */
export function qemuImg(program: string, ...args: readonly string[]): string {
  return execFileSync(program, args, { encoding: "utf8", stdio: "pipe" });
}

/** Returns everything that `qemu-img check` finds, in any kind of leak, too. */
export function checkImage(program: string, path: string): string | undefined {
  const args = ["check", "-f", "qcow2", path];
  const { status, stdout, stderr } = spawnSync(program, args, {
    encoding: "utf8",
  });
  const isClean = status === 0 && stderr === "" &&
    stdout.startsWith("No errors were found on the image.");
  return isClean ? undefined : `${program}: ${status} ${stdout}${stderr}`;
}

/** A part of a disk, as `qemu-img map` prints it. */
export interface MappedExtent {
  readonly start: number;
  readonly length: number;
  /** Number of the image in the chain that holds it. */
  readonly depth: number;
  readonly present: boolean;
  readonly zero: boolean;
  readonly data: boolean;
  readonly compressed: boolean;
}

/** Returns what `qemu-img map` prints. */
export function mapOf(program: string, path: string): MappedExtent[] {
  return JSON.parse(qemuImg(program, "map", "--output=json", path));
}
