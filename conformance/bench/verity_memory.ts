import { execFileSync } from "node:child_process";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { printFigure } from "./figure_row.ts";
import { median } from "./rounds.ts";
import type { SealedSnapshot } from "./sealed_snapshot.ts";

const PROBE = fileURLToPath(new URL("./verity_probe.ts", import.meta.url));
const MIB = 2 ** 20;

/** Measures the memory that checking takes, each time in a new process. */
export function benchVerityMemory(
  { path, tree, digest }: SealedSnapshot,
  byteLength: number,
): void {
  const run = "Deno" in globalThis ? ["run", "-A", "--no-check"] : [];
  const memory = (...args: string[]) =>
    Number(execFileSync(process.execPath, [...run, PROBE, path, ...args]));
  const more: number[] = [];
  for (let round = 0; round < 3; round++) {
    more.push(memory(tree, digest) - memory());
  }
  printFigure("memory of checking each page of 1 GiB", {
    value: median(more) / MIB,
    unit: "MiB",
    goal: { atMost: 8 + byteLength / 128 / MIB },
  });
}
