import { execFileSync, spawnSync } from "node:child_process";
import { closeSync, ftruncateSync, openSync, rmSync, writeSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { BenchFolder } from "./bench_folder.ts";
import { measuredPlaces, type Place } from "./measured_places.ts";
import { writeImage } from "./memory_image.ts";
import { type Contender, interleave, millisecondsOf } from "./rounds.ts";
import { printResults } from "./table.ts";

const ROUNDS = 3;
const MIB = 0x100000;
const PROGRAM = fileURLToPath(
  new URL("../../reference/cli/main.ts", import.meta.url),
);

/** The runtimes, and how each starts the command line. */
const RUNTIMES: Readonly<Record<string, readonly string[]>> = {
  Deno: ["deno", "run", "--allow-all", "--no-check", PROGRAM],
  Bun: ["bun", PROGRAM],
};

/** Measures sealing a file in the page cache beside `fsverity digest`. */
export async function benchSeal(): Promise<void> {
  if (!runs(["fsverity", "--version"])) {
    console.log("seal: skipped, fsverity is not installed");
    return;
  }
  for (const place of measuredPlaces()) await benchPlace(place);
}

async function benchPlace({ folder, byteLength, kind }: Place): Promise<void> {
  using files = new BenchFolder(folder);
  const file = files.file("file");
  const gibibytes = byteLength / 2 ** 30;
  writeImage(file, byteLength, 0.5);
  console.log(`seal: ${gibibytes} GiB on ${kind}, half of it zeros; GB/s`);
  printResults(await measure(file, byteLength, 2), "GB/s");
  writeHoles(file, byteLength);
  console.log(`seal: ${gibibytes} GiB on ${kind}, 90 % holes; GB/s`);
  printResults(await measure(file, byteLength, 10), "GB/s");
}

async function measure(file: string, byteLength: number, atLeast: number) {
  const contenders: Contender[] = [
    timed("fsverity digest", ["fsverity", "digest", file], byteLength),
  ];
  for (const [name, runtime] of Object.entries(RUNTIMES)) {
    if (!runs([runtime[0], "--version"])) continue;
    for (const jobs of [1, 2]) {
      const line = [...runtime, "seal", file, "--force", "--jobs", `${jobs}`];
      contenders.push({
        ...timed(`seal, ${name}, ${jobs} jobs`, line, byteLength),
        ...jobs === 1 ? {} : { goal: { of: "ratio", atLeast } },
      });
    }
  }
  return await interleave(contenders, ROUNDS);
}

/** Measures a whole process: bytes of the file by its time. */
function timed(
  name: string,
  [program, ...args]: readonly string[],
  byteLength: number,
): Contender {
  const run = () => void execFileSync(program, args, { stdio: "pipe" });
  return {
    name,
    measure: async () => byteLength / 1e6 / await millisecondsOf(run),
  };
}

/** Writes a file with 1 MiB of random bytes after 9 MiB of holes each. */
function writeHoles(path: string, byteLength: number): void {
  rmSync(path);
  const fd = openSync(path, "w");
  const bytes = new Uint8Array(MIB);
  for (let at = 0; at < MIB; at += 0x10000) {
    crypto.getRandomValues(bytes.subarray(at, at + 0x10000));
  }
  for (let at = 9 * MIB; at < byteLength; at += 10 * MIB) {
    bytes[0] = at / MIB;
    writeSync(fd, bytes, 0, Math.min(MIB, byteLength - at), at);
  }
  ftruncateSync(fd, byteLength);
  closeSync(fd);
}

/** Whether a command line can be run. */
function runs([program, ...args]: readonly string[]): boolean {
  return spawnSync(program, args, { stdio: "ignore" }).status === 0;
}
