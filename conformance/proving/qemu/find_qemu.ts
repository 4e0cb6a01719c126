import { execFileSync } from "node:child_process";
import { findPrograms } from "./find_program.ts";

/** The QEMU targets that the suite runs. */
export type QemuTarget =
  | "aarch64"
  | "arm"
  | "loongarch64"
  | "m68k"
  | "mips"
  | "ppc"
  | "ppc64"
  | "riscv32"
  | "riscv64"
  | "s390x"
  | "sparc64"
  | "x86_64";

/** The path of the QEMU program for a target, or undefined if PATH has none. */
export function findQemu(target: QemuTarget): string | undefined {
  return findQemus(target)[0];
}

/** The paths of all QEMU programs for a target, in the order of PATH. */
export function findQemus(target: QemuTarget): string[] {
  return findPrograms(`qemu-system-${target}`);
}

/** The first line of QEMU's `--version` output. */
export function qemuVersion(path: string): string {
  const text = execFileSync(path, ["--version"], { encoding: "utf8" });
  return text.split("\n")[0] ?? "";
}
