import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fail, judgeAnswer, type Verdict } from "./judge_answer.ts";
import { type ClassStates, judgeClasses } from "./judge_classes.ts";
import type { CaseResult } from "./report.ts";
import { type ProgramEnd, runProgram } from "./run_program.ts";
import type { SuiteVector } from "./suite_vectors.ts";
import { workInParallel } from "../proving/work_in_parallel.ts";

/** Options of running a program on many cases. */
export interface RunnerOptions {
  /** Number of programs that run at the same time. */
  readonly jobs: number;
  /** Time limit of one program. */
  readonly timeoutMs: number;
  /** Whether an unexpected rule or position in a refusal is a failure. */
  readonly strict: boolean;
  /** Called with each result. */
  readonly onResult?: (result: CaseResult) => void;
}

/** Runs a reader on each vector: path in, JSON out. */
export async function runReader(
  program: readonly string[],
  vectors: readonly SuiteVector[],
  options: RunnerOptions,
): Promise<CaseResult[]> {
  const scratch = mkdtempSync(join(tmpdir(), "mapped-ram-suite-"));
  try {
    return await workInParallel(vectors, async (vector, index) => {
      const file = join(scratch, `vector-${index}`);
      const sidecar = `${file}.verity`;
      vector.unpackTo(file);
      vector.unpackSidecarTo?.(sidecar);
      // Their names are those of no other vector.
      const backing = vector.unpackBackingTo?.(scratch) ?? [];
      const start = performance.now();
      const args = argumentsOf(vector, sidecar);
      const end = await runProgram([...program, file, ...args], options);
      const seconds = (performance.now() - start) / 1000;
      for (const it of [file, sidecar, ...backing]) rmSync(it, { force: true });
      const result = {
        name: vector.path,
        rules: vector.expected.rules,
        seconds,
        ...judgeEnd(end, vector, options.strict ? strictly : undefined),
      };
      options.onResult?.(result);
      return result;
    }, options);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** Formats options: `{ offset: 5 }` as `--offset=5`. */
function argumentsOf(
  { expected, profile, unpackSidecarTo }: SuiteVector,
  sidecar: string,
): string[] {
  const options: Record<string, unknown> = { ...expected.options };
  if (profile !== undefined) options.profile = profile;
  if (unpackSidecarTo !== undefined) options.verity = sidecar;
  return Object.entries(options).map(([name, value]) => `--${name}=${value}`);
}

function judgeEnd(
  end: ProgramEnd,
  { expected, classes }: SuiteVector,
  adjust = (verdict: Verdict): Verdict => verdict,
): Verdict & { readonly classes: ClassStates } {
  const failure = end.failure ?? "exit code 0";
  const failed = (problem: string) => ({
    ...fail(describe(problem, end)),
    classes: Object.fromEntries(classes.map((it) => [it, "fail" as const])),
  });
  // The output of a program that crashes is not an answer.
  if (!end.exited) return failed(failure);
  let answer: unknown;
  try {
    answer = JSON.parse(end.stdout);
  } catch {
    return failed(`${failure} and no JSON on stdout`);
  }
  return {
    ...adjust(judgeAnswer(answer, expected)),
    classes: judgeClasses(answer, expected, { classes, adjust }),
  };
}

function describe(failure: string, { stderr }: ProgramEnd): string {
  const last = stderr.split("\n").at(-1) ?? "";
  return last === "" ? failure : `${failure}: ${last.slice(-200)}`;
}

function strictly(verdict: Verdict): Verdict {
  if (verdict.state !== "pass" || verdict.remarks.length === 0) return verdict;
  return { state: "fail", reasons: verdict.remarks, remarks: [] };
}
