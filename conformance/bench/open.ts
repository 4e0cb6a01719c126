import { execFileSync } from "node:child_process";
import { statSync } from "node:fs";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { ScratchDirectory } from "../proving/qemu/scratch_directory.ts";
import { presentPages, saveGuest, saveSparseGuest } from "./guest_memory.ts";
import type { OpenFigures, ProbeOutput } from "./open_probe.ts";
import { median } from "./rounds.ts";
import { goalText, printRows } from "./table.ts";

const GIB = 2 ** 30;
const TIB = 2 ** 40;
const ROUNDS = 7;

/**
 * Measures opening a snapshot of 1 GiB and one of 1 TiB, each in a new process.
 */
export async function benchOpen(): Promise<void> {
  console.log("open: 1 GiB of pages, and 1 TiB with 2^28 page bits");
  using scratch = new ScratchDirectory();
  const paths = {
    "1 GiB": scratch.file("small"),
    "1 TiB": scratch.file("big"),
  };
  await saveGuest(paths["1 GiB"], presentPages(GIB / 4096, 1));
  try {
    const last = TIB / 4096 - 1;
    await saveSparseGuest(paths["1 TiB"], TIB, [0, 5, TIB / 8192, last]);
  } catch (error) {
    // ext4 supports such a file, tmpfs does not.
    console.log(`  skipped: no sparse file of 1 TiB here (${error})`);
    return;
  }
  const { size, blocks } = statSync(paths["1 TiB"]);
  console.log(`  (the file has ${size} bytes and takes ${blocks * 512})`);

  const probes: Record<string, ProbeOutput[]> = {};
  for (let round = 0; round < ROUNDS; round++) {
    (probes["runtime"] ??= []).push(probe());
    for (const [name, path] of Object.entries(paths)) {
      (probes[name] ??= []).push(probe(path));
    }
  }
  const idle = median((probes["runtime"] ?? []).map((it) => it.peakMemory));
  printRows([
    ["", "reads", "bytes", "first open", "again", "last page", "memory", ""],
    ...Object.keys(paths).map((name) => row(name, probes[name] ?? [], idle)),
  ]);
}

/** Runs the probe in a process of the same runtime. */
function probe(...args: string[]): ProbeOutput {
  const script = fileURLToPath(new URL("open_probe.ts", import.meta.url));
  const run = "Deno" in globalThis
    ? ["run", "--no-check", "--allow-read", "--allow-env", "--allow-sys"]
    : [];
  const output = execFileSync(process.execPath, [...run, script, ...args]);
  return JSON.parse(output.toString());
}

function row(
  name: string,
  probes: readonly ProbeOutput[],
  idleMemory: number,
): string[] {
  function middle(field: keyof OpenFigures): number {
    return median(probes.map((it) => it.figures?.[field] ?? NaN));
  }
  const first = middle("firstMilliseconds");
  const memory = (median(probes.map((it) => it.peakMemory)) - idleMemory) / 1e6;
  const goals = [
    goalText({ of: "value", atMost: 10 }, { value: first, ratio: NaN }, "ms"),
    goalText({ of: "value", atMost: 20 }, { value: memory, ratio: NaN }, "MB"),
  ];
  return [
    name,
    `${middle("reads")}`,
    `${middle("readBytes")}`,
    `${first.toFixed(2)} ms`,
    `${middle("againMilliseconds").toFixed(2)} ms`,
    `${middle("pageReads")} reads, ${middle("pageMilliseconds").toFixed(2)} ms`,
    `+${memory.toFixed(1)} MB`,
    goals.join(", "),
  ];
}
