import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { OpenOptions } from "../../mod.ts";
import { fail, judgeAnswer, type Verdict } from "./judge_answer.ts";
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
      vector.unpackTo(file);
      const start = performance.now();
      const args = optionArguments(vector.expected.options);
      const end = await runProgram([...program, file, ...args], options);
      const seconds = (performance.now() - start) / 1000;
      rmSync(file, { force: true });
      const verdict = judgeEnd(end, vector);
      const result = {
        name: vector.path,
        rules: vector.expected.rules,
        seconds,
        ...options.strict ? strictly(verdict) : verdict,
      };
      options.onResult?.(result);
      return result;
    }, options);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** Formats options: `{ offset: 5 }` as `--offset=5`. */
function optionArguments(options: OpenOptions = {}): string[] {
  return Object.entries(options).map(([name, value]) => `--${name}=${value}`);
}

function judgeEnd(end: ProgramEnd, { expected }: SuiteVector): Verdict {
  const failure = end.failure ?? "exit code 0";
  // The output of a program that crashes is not an answer.
  if (!end.exited) return fail(describe(failure, end));
  let answer: unknown;
  try {
    answer = JSON.parse(end.stdout);
  } catch {
    return fail(describe(`${failure} and no JSON on stdout`, end));
  }
  return judgeAnswer(answer, expected);
}

function describe(failure: string, { stderr }: ProgramEnd): string {
  const last = stderr.split("\n").at(-1) ?? "";
  return last === "" ? failure : `${failure}: ${last.slice(-200)}`;
}

function strictly(verdict: Verdict): Verdict {
  if (verdict.state !== "pass" || verdict.remarks.length === 0) return verdict;
  return { state: "fail", reasons: verdict.remarks, remarks: [] };
}
