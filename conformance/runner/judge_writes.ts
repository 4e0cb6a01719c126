import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { workInParallel } from "../proving/work_in_parallel.ts";
import type { Verdict } from "./judge_answer.ts";
import type { CaseResult } from "./report.ts";
import type { RunnerOptions } from "./run_reader.ts";

/** A case of a program that writes files. */
export interface WriteCase {
  readonly name: string;
  readonly rules: readonly string[];
}

/** Options of {@linkcode judgeWrites}. */
export interface JudgeWritesOptions<Case> extends RunnerOptions {
  /** Runs the program on a case, in a folder of its own; the time counts. */
  readonly judge: (it: Case, folder: string) => Promise<Verdict>;
  /** Prepares the folder; the time does not count. */
  readonly prepare?: (it: Case, folder: string) => void;
}

/** Judges a program that writes files, each case in a folder of its own. */
export async function judgeWrites<Case extends WriteCase>(
  cases: readonly Case[],
  options: JudgeWritesOptions<Case>,
): Promise<CaseResult[]> {
  const { judge, prepare, onResult } = options;
  const scratch = mkdtempSync(join(tmpdir(), "mapped-ram-suite-"));
  try {
    return await workInParallel(cases, async (it, index) => {
      const folder = join(scratch, String(index));
      mkdirSync(folder);
      prepare?.(it, folder);
      const start = performance.now();
      const verdict = await judge(it, folder);
      const seconds = (performance.now() - start) / 1000;
      rmSync(folder, { recursive: true });
      const { name, rules } = it;
      const result = { name, rules, seconds, ...verdict, classes: {} };
      onResult?.(result);
      return result;
    }, options);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}
