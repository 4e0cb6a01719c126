/**
 * Runs an implementation on all vectors and reports the results, rule by rule.
 * `conformance/README.md` describes the program's input and output.
 *
 * ```sh
 * deno task conformance [OPTIONS] PROGRAM [ARGS]
 * deno task conformance --writer PROGRAM [ARGS]
 * deno task conformance --sealer PROGRAM [ARGS]
 * ```
 *
 * @module
 */

import { writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import process from "node:process";
import { RULES, SPEC_VERSION } from "../../mod.ts";
import { loadSave } from "./load_save.ts";
import {
  asksForHelp,
  parseSuiteArguments,
  type SuiteArguments,
  SuiteUsageError,
} from "./arguments.ts";
import { type CaseResult, makeReport, type SuiteReport } from "./report.ts";
import { reportJson } from "./report_json.ts";
import { reportJunit } from "./report_junit.ts";
import { reportText } from "./report_text.ts";
import { CannotStartError } from "./run_program.ts";
import { runReader } from "./run_reader.ts";
import { runSealer, sealerCases } from "./run_sealer.ts";
import { runWriter } from "./run_writer.ts";
import { SuiteProgress } from "./suite_progress.ts";
import { suiteVectors } from "./suite_vectors.ts";
import { writerCases } from "./writer_cases.ts";

const HELP = `\
Usage: deno task conformance [OPTIONS] PROGRAM [ARGS]

Runs PROGRAM ARGS FILE on each vector and compares the JSON that it prints with
the vector's expected.json. With --writer, PROGRAM saves memory that it is given,
and the files are verified; with --sealer, it writes sidecars of files.
conformance/README.md describes all three.

  --writer            PROGRAM saves instead of reading
  --sealer            PROGRAM writes sidecars instead of reading
  --strict            fail on an unexpected rule or position in a refusal, and
                      on a member that is not reported
  --only TEXT         only cases whose name contains TEXT
  --json FILE         write the report as JSON; - is stdout
  --junit FILE        write the report as JUnit XML; - is stdout
  --jobs N            number of programs that run at the same time
  --timeout SECONDS   time limit of each program (20)
  --help              print this

Exit code 1 means that a case failed, 2 that nothing could be run.`;

/** Runs the suite as the command line specifies; returns the exit code. */
async function runSuite(args: readonly string[]): Promise<number> {
  if (asksForHelp(args)) {
    console.log(HELP);
    return 0;
  }
  let parsed: SuiteArguments;
  try {
    parsed = parseSuiteArguments(args, { jobs: availableParallelism() });
  } catch (error) {
    if (!(error instanceof SuiteUsageError)) throw error;
    console.error(`${error.message}\n\n${HELP}`);
    return 2;
  }
  let report: SuiteReport;
  try {
    report = await measure(parsed);
  } catch (error) {
    if (!(error instanceof CannotStartError)) throw error;
    console.error(error.message);
    return 2;
  }
  if (report.cases.length === 0) {
    console.error(`Cannot run the suite: no case contains "${parsed.only}"`);
    return 2;
  }
  write(parsed.json, reportJson(report));
  write(parsed.junit, reportJunit(report));
  if (parsed.json !== "-" && parsed.junit !== "-") {
    console.log(reportText(report));
  }
  return report.counts.fail === 0 ? 0 : 1;
}

async function measure(args: SuiteArguments): Promise<SuiteReport> {
  const { program, task, only } = args;
  const start = performance.now();
  const cases = await runTask(args);
  const seconds = (performance.now() - start) / 1000;
  return makeReport(cases, {
    suite: `mapped-ram ${SPEC_VERSION}`,
    isComplete: only === "",
    task,
    program,
    seconds,
    order: Object.keys(RULES),
  });
}

async function runTask(args: SuiteArguments): Promise<CaseResult[]> {
  const { program, task, only } = args;
  const saves = writerCases().filter(({ name }) => name.includes(only));
  const vectors = suiteVectors().filter(({ path }) => path.includes(only));
  const seals = sealerCases(vectors);
  const count = { read: vectors, save: saves, seal: seals }[task].length;
  using progress = new SuiteProgress(count);
  const options = { ...args, onResult: progress.onResult };
  switch (task) {
    case "read":
      return await runReader(program, vectors, options);
    case "save":
      return await runWriter(program, saves, {
        ...options,
        alsoCheck: loadSave,
      });
    case "seal":
      return await runSealer(program, seals, options);
  }
}

function write(file: string | undefined, text: string): void {
  if (file === "-") process.stdout.write(text);
  else if (file !== undefined) writeFileSync(file, text);
}

if (import.meta.main) process.exitCode = await runSuite(process.argv.slice(2));
