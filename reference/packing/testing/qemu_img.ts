import { execFileSync, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import process from "node:process";

/** The programs `qemu-img` in PATH, of one or more versions. */
export const QEMU_IMGS: readonly string[] = (process.env.PATH ?? "")
  .split(delimiter)
  .map((folder) => join(folder, "qemu-img"))
  .filter((path) => existsSync(path));

/** Reason to skip a test that needs `qemu-img`. */
export const NO_QEMU_IMG = QEMU_IMGS.length > 0 ||
    process.env.MAPPED_RAM_REQUIRE_QEMU === "1"
  ? false
  : "qemu-img is not installed";

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
