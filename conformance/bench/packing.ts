import { execFileSync } from "node:child_process";
import { copyFileSync, rmSync, statSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { createFileSink, openFileSource, openSnapshot } from "../../mod.ts";
import {
  openQcow2,
  packQcow2,
  snapshotLength,
  snapshotRanges,
  unpackQcow2,
} from "../../reference/doors/convert.ts";
import { findPrograms } from "../proving/qemu/find_program.ts";
import { BenchFolder } from "./bench_folder.ts";
import { printFigure } from "./figure_row.ts";
import type { Place } from "./measured_places.ts";
import { type Contender, interleave, millisecondsOf } from "./rounds.ts";
import { printResults } from "./table.ts";

const ROUNDS = 7;
const JOBS = 2;
const PROGRAM = fileURLToPath(
  new URL("../../reference/cli/main.ts", import.meta.url),
);
const COMMAND = ["deno", "run", "--allow-all", "--no-check", PROGRAM];
const OPTIONS = ["-O", "qcow2", "-c", "-o", "compression_type=zstd"];

/** The files that are packed and unpacked. */
interface Files {
  readonly snapshot: string;
  readonly image: string;
  readonly out: string;
}

/** Measures packing and unpacking a guest in a folder, beside `qemu-img`. */
export async function benchPlace(
  { folder, kind }: Place,
  saved: string,
): Promise<void> {
  using scratch = new BenchFolder(folder);
  const [snapshot, image, out] = ["vm.mr", "vm.qcow2", "out"].map((it) =>
    scratch.file(it)
  );
  const files = { snapshot, image, out };
  execFileSync("cp", ["--sparse=always", saved, snapshot]);
  const megabytes = statSync(snapshot).blocks * 512 / 1e6;
  console.log(
    `pack: a guest with ${megabytes.toFixed(0)} MB of data on ${kind}, ` +
      "cached; MB/s, flushed",
  );
  printResults(await interleave(packings(files, megabytes), ROUNDS), "MB/s");
  qemuImg("convert", ...OPTIONS, snapshot, out);
  const theirs = statSync(out).size;
  await pack(files);
  printFigure("size of the image, to that of qemu-img", {
    value: statSync(out).size / theirs,
    unit: "×",
    goal: { atMost: 1.02 },
  });
  copyFileSync(out, image);
  console.log(`unpack: the same on ${kind}, cached; MB/s, flushed`);
  printResults(await interleave(unpackings(files, megabytes), ROUNDS), "MB/s");
}

function packings(files: Files, megabytes: number): Contender[] {
  const { snapshot, out } = files;
  return contenders(files, megabytes, {
    qemu: () => qemuImg("convert", ...OPTIONS, snapshot, out),
    library: () => pack(files),
    command: [snapshot, out, "--to", "qcow2"],
    atLeast: 1,
  });
}

function unpackings(files: Files, megabytes: number): Contender[] {
  const { image, out } = files;
  return contenders(files, megabytes, {
    qemu: () => qemuImg("convert", "-O", "raw", image, out),
    library: () => unpack(files),
    command: [image, out],
    atLeast: 0.9,
  });
}

/** Ways to write the file `out`, each of which is flushed, too. */
function contenders(
  { out }: Files,
  megabytes: number,
  { qemu, library, command, atLeast }: {
    readonly qemu: () => void;
    readonly library: () => Promise<void>;
    readonly command: readonly string[];
    readonly atLeast: number;
  },
): Contender[] {
  const speed = async (work: () => void | Promise<void>) => {
    rmSync(out, { force: true });
    execFileSync("sync");
    return megabytes / await millisecondsOf(work) * 1000;
  };
  return [
    {
      name: "qemu-img convert",
      measure: () =>
        speed(() => {
          qemu();
          execFileSync("sync", [out]);
        }),
    },
    {
      name: `the library, ${JOBS} jobs`,
      goal: { of: "ratio", atLeast },
      measure: () => speed(library),
    },
    {
      name: `the command on Deno, ${JOBS} jobs, with its start`,
      measure: () =>
        speed(() => {
          const [program, ...args] = COMMAND;
          const rest = ["convert", ...command, "--jobs", `${JOBS}`];
          execFileSync(program, [...args, ...rest], { stdio: "pipe" });
        }),
    },
  ];
}

/** Packs a snapshot as `convert` does. */
export async function pack(
  { snapshot, out }: Pick<Files, "snapshot" | "out">,
): Promise<void> {
  using source = openFileSource(snapshot);
  const dataRanges = snapshotRanges(await openSnapshot(source));
  const sink = createFileSink(out, { force: true });
  await packQcow2(source, sink, { dataRanges, jobs: JOBS });
}

async function unpack({ image, out }: Files): Promise<void> {
  using source = openFileSource(image);
  using disk = await openQcow2(source);
  const byteLength = await snapshotLength(await openSnapshot(disk));
  await unpackQcow2(disk, createFileSink(out), { byteLength, jobs: JOBS });
}

function qemuImg(...args: readonly string[]): void {
  execFileSync(findPrograms("qemu-img")[0], args, { stdio: "pipe" });
}
