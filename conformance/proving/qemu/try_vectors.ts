/**
 * Loads every vector in QEMU and records the results, for the table in
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
import { TRIALS } from "./trials.ts";
import { tryVector } from "./try_vector.ts";
import { vectorCases } from "./vector_cases.ts";

async function main(): Promise<number> {
  const qemu = findQemu("x86_64");
  if (qemu === undefined) {
    console.error("Cannot try the vectors: qemu-system-x86_64 is not in PATH");
    return 1;
  }
  const version = /version ([\d.]+)/.exec(qemuVersion(qemu))?.[1] ?? "?";
  const cases = vectorCases();
  const trials = await workInParallel(
    listVectors(),
    (vector) => tryVector(vector, cases),
    { jobs: 2 },
  );
  writeFileSync(TRIALS, `${JSON.stringify({ version, trials }, null, 2)}\n`);
  return 0;
}

if (import.meta.main) process.exitCode = await main();
