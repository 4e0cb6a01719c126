import { execFileSync, spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { createFileSink, memorySource, saveSnapshot } from "../../mod.ts";
import { startQemu } from "../../reference/doors/qemu.ts";
import { findLinux } from "../proving/qemu/find_linux.ts";
import { linuxSnapshot } from "../proving/qemu/linux_snapshots.ts";
import { ScratchDirectory } from "../proving/qemu/scratch_directory.ts";
import { type Contender, interleave, millisecondsOf } from "./rounds.ts";
import { printResults } from "./table.ts";

const ROUNDS = 15;
const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const CHECKOUT = join(ROOT, "reference/cli/main.ts");
const MIB = 0x100000;

/** A command line, the program first. */
type Line = readonly string[];

/** The runtimes, and how each starts a script. */
const RUNTIMES: Readonly<Record<string, Line>> = {
  Deno: ["deno", "run", "--allow-all"],
  Bun: ["bun"],
  Node: ["node"],
};

/**
 * Measures the start of the command line, as it is built and from a checkout,
 * beside that of an empty program; and of `resume` beside that of its QEMU.
 */
export async function benchStart(): Promise<void> {
  using scratch = new ScratchDirectory();
  const dist = scratch.file("dist");
  const parts = ["--only", "bundle", "--only", "executable"];
  const build = join(ROOT, ".ci/build/main.ts");
  run(["deno", "run", "--allow-all", build, "--out", dist, ...parts]);
  const file = scratch.file("vm.mr");
  const ram = new Uint8Array(16 * MIB).fill(7, MIB);
  await saveSnapshot(createFileSink(file), [
    { idstr: "pc.ram", source: memorySource(ram) },
  ]);
  const empty = scratch.file("empty.mjs");
  writeFileSync(empty, "");
  for (const [name, runtime] of Object.entries(RUNTIMES)) {
    if (!runs([runtime[0], "--version"])) continue;
    console.log(`start: info on ${name}`);
    const bundled = [...runtime, join(dist, "bundle/main.js")];
    const results = await interleave([
      timed("an empty program", [...runtime, empty]),
      {
        ...timed("from the bundle", [...bundled, "info", file]),
        goal: { of: "ratio", atMost: 4 },
      },
      timed("from the checkout", [...runtime, CHECKOUT, "info", file]),
      {
        ...timed("the bundle again", [...bundled, "info", file]),
        against: "from the checkout",
        goal: { of: "ratio", atMost: 0.7 },
      },
    ], ROUNDS);
    printResults(results, "ms");
  }
  await benchExecutable(join(dist, "mapped-ram"), file, scratch);
  await benchResumeStart(dist, scratch);
}

async function benchExecutable(
  executable: string,
  file: string,
  scratch: ScratchDirectory,
): Promise<void> {
  const [source, empty] = ["empty.js", "empty"].map((it) => scratch.file(it));
  writeFileSync(source, "");
  const compile = ["--compile", "--bytecode", "--format=esm"];
  if (!runs(["bun", "build", ...compile, source, "--outfile", empty])) return;
  console.log("start: info of the executable");
  printResults(
    await interleave([
      timed("an empty executable", [empty]),
      {
        ...timed("info", [executable, "info", file]),
        goal: { of: "ratio", atMost: 4 },
      },
    ], ROUNDS),
    "ms",
  );
}

/** From the start of the command to the running guest, beside QEMU alone. */
async function benchResumeStart(
  dist: string,
  scratch: ScratchDirectory,
): Promise<void> {
  const linux = await findLinux();
  if (linux === undefined) {
    console.log("start: resume skipped, there is no Linux to boot");
    return;
  }
  const { path: file, args } = await linuxSnapshot(linux, {
    machine: "pc",
    memory: "512M",
    usedMiB: 256,
  });
  // The guest's console: nobody reads it here.
  const qemu = [...args, "-serial", "null"];
  console.log("start: resume --via map, until the guest runs");
  const goal = { of: "ratio", atMost: 1.7 } as const;
  const [deno] = Object.values(RUNTIMES);
  const commands: readonly (readonly [string, Line])[] = [
    ["resume, from the checkout", [...deno, CHECKOUT]],
    ["resume, from the bundle", [...deno, join(dist, "bundle/main.js")]],
    ["resume, the executable", [join(dist, "mapped-ram")]],
  ];
  printResults(
    await interleave([
      {
        name: "QEMU alone, to its first answer",
        measure: () => startOf(qemu),
      },
      ...commands.map(([name, line]): Contender => ({
        name,
        measure: () => resumed([...line, "resume", file], qemu, scratch.path),
        goal,
      })),
    ], ROUNDS),
    "ms",
  );
}

/** Starts a QEMU; returns the milliseconds until it answers. */
async function startOf(args: Line): Promise<number> {
  const begun = performance.now();
  await using _ = await startQemu(args, { incoming: false });
  return performance.now() - begun;
}

/** Starts `resume`; returns the milliseconds until it says that it runs. */
async function resumed(
  [program, ...words]: Line,
  qemu: Line,
  directory: string,
): Promise<number> {
  const args = [...words, "--via", "map", "--json", "--", ...qemu];
  const begun = performance.now();
  const child = spawn(program, args, {
    cwd: directory,
    stdio: ["ignore", "pipe", "ignore"],
  });
  const ended = new Promise((resolve) => child.once("exit", resolve));
  let output = "";
  let milliseconds = NaN;
  for await (const text of child.stdout.setEncoding("utf8")) {
    output += text;
    if (!output.includes('"event":"running"')) continue;
    milliseconds = performance.now() - begun;
    break;
  }
  child.kill();
  await ended;
  return milliseconds;
}

function timed(name: string, line: Line): Contender {
  return { name, measure: () => millisecondsOf(() => run(line)) };
}

function run([program, ...args]: Line): void {
  execFileSync(program, args, {
    // Not the configuration of the checkout.
    cwd: "/",
    env: { ...process.env, NO_COLOR: "1" },
    stdio: ["ignore", "pipe", "pipe"],
  });
}

function runs(line: Line): boolean {
  try {
    run(line);
    return true;
  } catch {
    return false;
  }
}
