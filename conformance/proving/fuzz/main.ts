/**
 * Mutates files and runs every parser on them.
 *
 * ```sh
 * deno task fuzz --seconds 60
 * deno task fuzz --files 1000000 --seed 7 --target walk
 * ```
 *
 * @module
 */

import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { parseArgs } from "node:util";
import { randomNumbers } from "../faults/random_numbers.ts";
import { AllocationMeter } from "./allocation_meter.ts";
import { checkTarget } from "./check_target.ts";
import { FUZZ_TARGETS, type FuzzTarget } from "./fuzz_targets.ts";
import { type FuzzSeed, snapshotSeeds, TEXT_SEEDS } from "./fuzz_seeds.ts";
import { mutateSeed } from "./mutate_seed.ts";
import { PythonReader } from "./python_reader.ts";
import { qcow2Seeds } from "./qcow2_seeds.ts";
import { QemuImg, type QemuImgCounts } from "./qemu_img.ts";

/** Files between two turns of the event loop. */
const TURN = 64;

/** Options of {@linkcode fuzz}. */
export interface FuzzOptions {
  /** Limits; fuzzing ends when either is reached. */
  readonly seconds: number;
  readonly files: number;
  /** Seed of the first file; each further file uses the next number. */
  readonly seed: number;
  readonly targets: readonly FuzzTarget[];
  /**
   * The Python reader reads one of this many files, and `qemu-img` one of this
   * many images; 0: none.
   */
  readonly differential: number;
  /** Receives each input that revealed a defect. */
  readonly onFinding: (finding: FuzzFinding) => void;
}

/** An input that revealed a defect. */
export interface FuzzFinding {
  readonly target: string;
  /** Value of `--seed`, with `--files 1`, that reproduces it. */
  readonly seed: number;
  readonly path: string;
  readonly bytes: Uint8Array;
  readonly wrong: string;
}

/** The result of a run. */
export interface FuzzSummary {
  readonly files: number;
  readonly seconds: number;
  readonly findings: number;
  readonly compared: number;
  /** Number of files that each target read. */
  readonly runs: Readonly<Record<string, number>>;
  /** How `qemu-img` agreed on images; undefined if it was not asked. */
  readonly images: QemuImgCounts | undefined;
}

/** Fuzzes until a limit is reached. */
export async function fuzz(options: FuzzOptions): Promise<FuzzSummary> {
  const { seconds, files, seed, targets, differential, onFinding } = options;
  const seeds = {
    snapshot: snapshotSeeds(),
    qcow2: qcow2Seeds(),
    ...TEXT_SEEDS,
  };
  const runs: Record<string, number> = {};
  using meter = new AllocationMeter();
  await using python = differential > 0
    ? await PythonReader.start()
    : undefined;
  using qemuImg = differential > 0 ? QemuImg.start() : undefined;
  let findings = 0, compared = 0, count = 0;
  const start = performance.now();
  const end = start + 1000 * seconds;
  for (; count < files && performance.now() < end; count++) {
    // Decoders free their memory when the event loop turns.
    if (count % TURN === 0) await new Promise((resolve) => setTimeout(resolve));
    const random = randomNumbers(seed + count);
    const target = targets[random(targets.length)];
    const pool: readonly FuzzSeed[] = seeds[target.input];
    if (pool.length === 0) continue; // Without qemu-img there are no images.
    const base = pool[random(pool.length)];
    const { bytes, restore } = mutateSeed(base, pool, random);
    try {
      runs[target.name] = (runs[target.name] ?? 0) + 1;
      let wrong = await checkTarget(target, bytes, meter);
      if (
        wrong === undefined && python !== undefined &&
        target.name === "walk" && random(differential) === 0
      ) {
        compared++;
        wrong = await python.compare(bytes);
      }
      if (
        wrong === undefined && qemuImg !== undefined &&
        target.name === "qcow2" && random(differential) === 0
      ) {
        compared++;
        wrong = qemuImg.compare(bytes);
      }
      if (wrong === undefined) continue;
      findings++;
      onFinding({
        target: target.name,
        seed: seed + count,
        path: base.path,
        bytes: bytes.slice(),
        wrong,
      });
    } finally {
      restore();
    }
  }
  const took = (performance.now() - start) / 1000;
  const images = qemuImg?.counts;
  return { files: count, seconds: took, findings, compared, runs, images };
}

async function main(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      seconds: { type: "string", default: "60" },
      files: { type: "string", default: "Infinity" },
      seed: { type: "string", default: "1" },
      target: { type: "string" },
      differential: { type: "string", default: "100" },
    },
  });
  const targets = FUZZ_TARGETS.filter(({ name }) =>
    values.target === undefined || name === values.target
  );
  if (targets.length === 0) {
    const names = FUZZ_TARGETS.map(({ name }) => name).join(", ");
    console.error(`No target ${values.target}, expected one of ${names}`);
    return 2;
  }
  let folder: string | undefined;
  const summary = await fuzz({
    targets,
    seconds: Number(values.seconds),
    files: Number(values.files),
    seed: Number(values.seed),
    differential: Number(values.differential),
    onFinding: ({ target, seed, path, bytes, wrong }) => {
      folder ??= mkdtempSync(join(tmpdir(), "mapped-ram-fuzz-"));
      const file = join(folder, `${target}-${seed}`);
      writeFileSync(file, bytes);
      console.error(
        `${target}, seed ${seed}, from ${path}: ${file}\n  ${wrong}`,
      );
    },
  });
  const { files, seconds, findings, compared, runs } = summary;
  for (const [name, count] of Object.entries(runs).toSorted()) {
    console.log(`${name.padEnd(16)} ${count}`);
  }
  console.log(
    `figure: ${files} files fuzzed in ${seconds.toFixed(0)} s, ` +
      `${findings} findings; ` +
      `${compared} compared with the Python reader or qemu-img`,
  );
  if (summary.images !== undefined) console.log(JSON.stringify(summary.images));
  return findings === 0 ? 0 : 1;
}

if (import.meta.main) process.exitCode = await main(process.argv.slice(2));
