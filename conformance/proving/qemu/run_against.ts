import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { execPath } from "node:process";
import { fileURLToPath } from "node:url";
import type { QmpObject } from "../../../reference/doors/qemu.ts";
import { QemuProcess } from "./qemu_process.ts";
import type { ScratchDirectory } from "./scratch_directory.ts";

const MAIN = fileURLToPath(
  new URL("../../../reference/cli/main.ts", import.meta.url),
);
/** The QEMU target of these tests. */
export const TARGET = "x86_64";

/** The arguments of every QEMU of the suite, repeated for the command line. */
export const PLAIN = "-accel tcg -nodefaults -cpu qemu64";
/** The machine that is saved. */
export const MACHINE = "-machine pc-i440fx-10.0 -m 64M -smp 2";
/** Its devices. */
export const DEVICES = "-device virtio-net-pci,addr=0x3 -device e1000,addr=0x4";
/** Makes a page in the upper half of the memory nonzero. */
export const PAGE = "-device loader,addr=0x3000000,data=7,data-len=4";

/** The output of `info --against --json`. */
export interface Report {
  readonly verdict: "loads" | "other-machine" | "refused";
  readonly loads: boolean;
  readonly differences: readonly Readonly<Record<string, string>>[];
  readonly commands: {
    readonly qemu: readonly string[];
    readonly shell?: readonly string[];
    readonly qmp: readonly { execute: string; arguments?: QmpObject }[];
  };
}

/** Runs `info vm.mr --against … --json`. */
export async function against(
  scratch: ScratchDirectory,
  ...args: readonly string[]
): Promise<Report> {
  const deno = "Deno" in globalThis ? ["run", "-A"] : [];
  const line = [...deno, MAIN, "info", "vm.mr", "--json", "--against", ...args];
  const { code, stdout, stderr } = await new Promise<{
    readonly code: unknown;
    readonly stdout: string;
    readonly stderr: string;
  }>((resolve) => {
    execFile(execPath, line, { cwd: scratch.path }, (error, stdout, stderr) => {
      resolve({ code: error?.code ?? 0, stdout, stderr });
    });
  });
  assert.equal(stderr, "");
  const report = JSON.parse(stdout) as Report;
  assert.equal(code, report.verdict === "loads" ? 0 : 1);
  return report;
}

/** The differences, one line each. */
export function lines({ differences }: Report): string[] {
  return differences.map(({ kind, subject, text, remedy }) =>
    `${kind} ${subject}: ${text}: ${remedy}`
  );
}

/** Saves `vm.mr` with a QEMU with these arguments. */
export async function save(
  scratch: ScratchDirectory,
  args: string,
): Promise<void> {
  await using qemu = await QemuProcess.start({
    target: TARGET,
    args: `-cpu qemu64 ${args}`.split(" "),
    directory: scratch.path,
  });
  await qemu.save("vm.mr");
}

/**
 * Loads the snapshot in a QEMU with these arguments; rejects if QEMU refuses
 * it.
 */
export async function load(
  scratch: ScratchDirectory,
  args: string,
): Promise<void> {
  await using qemu = await QemuProcess.start({
    target: TARGET,
    args: `-cpu qemu64 ${args} -incoming defer`.split(" "),
    directory: scratch.path,
  });
  await qemu.incoming("vm.mr");
}
