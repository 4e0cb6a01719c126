/**
 * Loads every vector in QEMU 10.0.2, in a few minutes, and records the results,
 * for the table in `conformance/README.md`. With `--new`, only those without a
 * result are loaded.
 *
 * ```sh
 * deno run -A conformance/proving/qemu/try_vectors.ts [--new]
 * deno run -A conformance/tables/write_tables.ts
 * ```
 *
 * @module
 */

import { readFileSync, writeFileSync } from "node:fs";
import process from "node:process";
import { listVectors } from "../../vectors/list_vectors.ts";
import { workInParallel } from "../work_in_parallel.ts";
import { findQemu, qemuVersion } from "./find_qemu.ts";
import type { Trial } from "./load_outcome.ts";
import { TRIALS, type Trials, TRIED_VERSION } from "./trials.ts";
import { tryVector } from "./try_vector.ts";
import { vectorCases } from "./vector_cases.ts";

async function main(): Promise<number> {
  const qemu = findQemu("x86_64");
  if (qemu === undefined) {
    console.error("Cannot try the vectors: qemu-system-x86_64 is not in PATH");
    return 1;
  }
  const version = /version ([\d.]+)/.exec(qemuVersion(qemu))?.[1] ?? "?";
  if (version !== TRIED_VERSION) {
    console.error(
      `Cannot try the vectors: ${qemu} is version ${version}, expected ` +
        `${TRIED_VERSION}, whose results are kept`,
    );
    return 1;
  }
  const cases = vectorCases();
  const all = listVectors();
  const kept = process.argv.includes("--new") ? keptTrials() : [];
  const isKept = (path: string) => kept.some((it) => it.path === path);
  const vectors = all.filter(({ path }) => !isKept(path));
  let tried = 0;
  const newTrials = await workInParallel(vectors, async (vector) => {
    const trial = await tryVector(vector, cases);
    const count = `${++tried} of ${vectors.length}`;
    console.error(`${count}  ${trial.path}: ${trial.outcome}`);
    return trial;
  }, { jobs: 2 });
  const trials = [...kept, ...newTrials]
    .filter(({ path }) => all.some((it) => it.path === path))
    .toSorted((a, b) => a.path < b.path ? -1 : 1);
  writeFileSync(TRIALS, `${JSON.stringify({ version, trials }, null, 2)}\n`);
  return 0;
}

/** Returns the results of an earlier run. */
function keptTrials(): readonly Trial[] {
  const { trials } = JSON.parse(readFileSync(TRIALS, "utf8")) as Trials;
  return trials;
}

if (import.meta.main) process.exitCode = await main();
