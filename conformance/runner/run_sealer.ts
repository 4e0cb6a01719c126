import { createHash } from "node:crypto";
import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import type { ExpectedSeal } from "../vectors/list_vectors.ts";
import { isJsonObject, show } from "./differences.ts";
import { fillHoles } from "./fill_holes.ts";
import { fail, PASS, type Verdict } from "./judge_answer.ts";
import { judgeWrites } from "./judge_writes.ts";
import type { CaseResult } from "./report.ts";
import { runProgram } from "./run_program.ts";
import type { RunnerOptions } from "./run_reader.ts";
import type { SuiteVector } from "./suite_vectors.ts";

/** A vector whose file is to be sealed. */
export interface SealerCase extends SuiteVector {
  /** What the `fsverity` tool makes of it. */
  readonly seal: ExpectedSeal;
}

/** Returns the vectors whose files a writer of sidecars seals. */
export function sealerCases(vectors: readonly SuiteVector[]): SealerCase[] {
  return vectors.flatMap((vector) => {
    const { seal } = vector.expected;
    return seal === undefined ? [] : [{ ...vector, seal }];
  });
}

/** Runs a writer of sidecars on each file: path in, digest and sidecar out. */
export async function runSealer(
  program: readonly string[],
  cases: readonly SealerCase[],
  options: RunnerOptions,
): Promise<CaseResult[]> {
  const fileIn = (folder: string) => join(folder, "file");
  const named = cases.map((vector) => {
    const { path, expected: { rules } } = vector;
    return { vector, name: path, rules };
  });
  return await judgeWrites(named, {
    ...options,
    prepare: ({ vector }, folder) => vector.unpackTo(fileIn(folder)),
    judge({ vector }, folder) {
      const file = fileIn(folder);
      return seal([...program, file, `${file}.verity`], {
        ...options,
        file,
        expected: vector.seal,
      });
    },
  });
}

async function seal(
  command: readonly string[],
  { timeoutMs, file, expected }: RunnerOptions & {
    readonly file: string;
    readonly expected: ExpectedSeal;
  },
): Promise<Verdict> {
  const dataLength = statSync(file).size;
  const { stdout, stderr, failure } = await runProgram(command, { timeoutMs });
  let answer: unknown;
  try {
    answer = JSON.parse(stdout);
  } catch {
    return fail(`${failure ?? "exit code 0"} and no JSON on stdout: ${stderr}`);
  }
  if (!isJsonObject(answer)) return fail(`the answer is ${show(answer)}`);
  if (answer.notSupported !== undefined) {
    const reasons = [String(answer.notSupported)];
    return { state: "not supported", reasons, remarks: [] };
  }
  if (failure !== undefined) return fail(`${failure}: ${stderr}`);
  const reasons: string[] = [];
  if (answer.digest !== expected.digest) {
    reasons.push(
      `digest is ${show(answer.digest)}, expected ${show(expected.digest)}`,
    );
  }
  if (!existsSync(`${file}.verity`)) reasons.push("there is no sidecar");
  else {
    const sidecar = readFileSync(`${file}.verity`);
    fillHoles(sidecar, dataLength);
    const sha256 = createHash("sha256").update(sidecar).digest("hex");
    if (sha256 !== expected.sha256) {
      reasons.push(
        "the sidecar, with its holes filled, is not that of fsverity",
      );
    }
  }
  return reasons.length === 0 ? PASS : fail(...reasons);
}
