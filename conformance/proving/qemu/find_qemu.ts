import { execFileSync } from "node:child_process";
import { findPrograms } from "./find_program.ts";

/** The targets of QEMU that the suite runs. */
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

/** The path of QEMU's program for a target, or undefined when PATH has none. */
export function findQemu(target: QemuTarget): string | undefined {
  return findQemus(target)[0];
}

/** The paths of all of QEMU's programs for a target, in the order of PATH. */
export function findQemus(target: QemuTarget): string[] {
  return findPrograms(`qemu-system-${target}`);
}

/** The first line of what QEMU says about its version. */
export function qemuVersion(path: string): string {
  const text = execFileSync(path, ["--version"], { encoding: "utf8" });
  return text.split("\n")[0] ?? "";
}
