import { existsSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isJsonObject } from "./differences.ts";
import { killWriter } from "./kill_writer.ts";
import { fail, type Verdict } from "./judge_answer.ts";
import { judgeSave } from "./judge_save.ts";
import { judgeWrites } from "./judge_writes.ts";
import type { CaseResult } from "./report.ts";
import type { RunnerOptions } from "./run_reader.ts";
import { runProgram } from "./run_program.ts";
import type { WriterCase } from "./writer_cases.ts";

/** Options of running a writer. */
export interface WriterOptions extends RunnerOptions {
  /** A further check of a file that passed, such as loading it into QEMU. */
  readonly alsoCheck?: (
    file: string,
    save: WriterCase,
  ) => Promise<Verdict | undefined>;
}

/** Runs a writer on each case: request and path in, a snapshot out. */
export async function runWriter(
  program: readonly string[],
  cases: readonly WriterCase[],
  options: WriterOptions,
): Promise<CaseResult[]> {
  return await judgeWrites(cases, {
    ...options,
    judge: (save, directory) =>
      runCase(program, save, { ...options, directory }),
  });
}

async function runCase(
  program: readonly string[],
  save: WriterCase,
  options: WriterOptions & { readonly directory: string },
): Promise<Verdict> {
  const { directory, timeoutMs, alsoCheck } = options;
  const request = join(directory, "request.json");
  const file = join(directory, "snapshot");
  writeFileSync(request, JSON.stringify(writeRequest(save, directory)));
  const end = await runProgram([...program, request, file], { timeoutMs });
  const refused = refusal(end.stdout);
  if (refused !== undefined) {
    return { state: "not supported", reasons: [refused], remarks: [] };
  }
  if (end.failure !== undefined) {
    const last = end.stderr.split("\n").at(-1) ?? "";
    return fail(`${end.failure}: ${last}`);
  }
  if (!existsSync(file)) return fail("exit code 0 and no file");
  const verdict = await judgeSave(file, save);
  if (verdict.state !== "pass") return verdict;
  if (save.isKilled) {
    rmSync(file);
    return await killWriter(program, { save, directory, request, timeoutMs });
  }
  const also = await alsoCheck?.(file, save);
  const remarks = [...verdict.remarks, ...also?.remarks ?? []];
  return { ...also ?? verdict, remarks };
}

/** Writes the images; returns the request that names them. */
function writeRequest(save: WriterCase, directory: string): unknown {
  const { machine, pageSize } = save;
  const blocks = save.blocks.map(({ idstr, memory }, index) => {
    const image = join(directory, `image-${index}`);
    writeFileSync(image, memory);
    return { idstr, usedLength: memory.length, image };
  });
  return { machine, pageSize, blocks };
}

/** Returns the reason of a program that does not support such a case. */
function refusal(stdout: string): string | undefined {
  try {
    const answer: unknown = JSON.parse(stdout);
    if (!isJsonObject(answer) || answer.notSupported === undefined) {
      return undefined;
    }
    return String(answer.notSupported);
  } catch {
    return undefined;
  }
}
