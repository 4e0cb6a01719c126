/**
 * Loads every vector in QEMU 10.0.2, in a few minutes, and records the results, for the table in
 * `conformance/README.md`.
 *
 * ```sh
 * deno run -A conformance/proving/qemu/try_vectors.ts
 * deno run -A conformance/tables/write_tables.ts
 * ```
 *
 * @module
 */

import { writeFileSync } from "node:fs";
import process from "node:process";
import { listVectors } from "../../vectors/list_vectors.ts";
import { workInParallel } from "../work_in_parallel.ts";
import { findQemu, qemuVersion } from "./find_qemu.ts";
import { TRIALS, TRIED_VERSION } from "./trials.ts";
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
  const vectors = listVectors();
  let tried = 0;
  const trials = await workInParallel(vectors, async (vector) => {
    const trial = await tryVector(vector, cases);
    const count = `${++tried} of ${vectors.length}`;
    console.error(`${count}  ${trial.path}: ${trial.outcome}`);
    return trial;
  }, { jobs: 2 });
  writeFileSync(TRIALS, `${JSON.stringify({ version, trials }, null, 2)}\n`);
  return 0;
}

if (import.meta.main) process.exitCode = await main();
