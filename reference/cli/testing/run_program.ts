import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { type ChildProcess, spawn } from "node:child_process";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { PROGRAM_VARIABLE } from "../program/program_name.ts";

const MAIN = fileURLToPath(new URL("../main.ts", import.meta.url));
const MANY = fileURLToPath(new URL("many_lines.ts", import.meta.url));

/** Options of tests that start processes, which are slow on a busy machine. */
export const PATIENT = { timeout: 300_000 };

/** Options of running the program. */
export interface RunOptions {
  /** Environment variables besides those of the test. */
  readonly env?: Readonly<Record<string, string>>;
  /** A command line that runs the command line after it. */
  readonly wrapper?: readonly string[];
  /** Written to standard input, which is a pipe. */
  readonly input?: string;
  /** Deno's permissions. Default: all. */
  readonly permissions?: readonly string[];
  /** Called with the process as soon as it runs. */
  readonly onStart?: (child: ChildProcess) => void;
}

/** The result of the program. */
export interface RunResult {
  readonly code: number | null;
  readonly bytes: Buffer;
  readonly stdout: string;
  readonly stderr: string;
}

/** Whether the test runs on Deno. */
export const ON_DENO = process.versions.deno !== undefined;

/** Whether the test runs on Node. */
export const ON_NODE = !ON_DENO && process.versions.bun === undefined;

/** Returns the command line of the program for the runtime of the test. */
export function programLine(
  args: readonly string[],
  permissions: readonly string[] = ["--allow-all"],
  module = MAIN,
): string[] {
  const run = ON_DENO ? ["run", "--quiet", ...permissions] : [];
  return [process.execPath, ...run, module, ...args];
}

/** Runs the real program in a separate process. */
export function run(
  args: readonly string[],
  options: RunOptions = {},
): Promise<RunResult> {
  const { wrapper = [], permissions } = options;
  return execute([...wrapper, ...programLine(args, permissions)], options);
}

async function execute(
  [command, ...rest]: readonly string[],
  { env = {}, input, onStart }: RunOptions = {},
): Promise<RunResult> {
  const child = spawn(command, rest, {
    env: { ...process.env, [PROGRAM_VARIABLE]: "deno task", ...env },
    stdio: [input === undefined ? "ignore" : "pipe", "pipe", "pipe"],
  });
  const { stdin, stdout, stderr } = child;
  assert(stdout !== null && stderr !== null);
  const out: Buffer[] = [];
  const err: Buffer[] = [];
  stdout.on("data", (bytes: Buffer) => void out.push(bytes));
  stderr.on("data", (bytes: Buffer) => void err.push(bytes));
  stdin?.on("error", () => {}); // The program may end without reading it.
  stdin?.end(input);
  onStart?.(child);
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", resolve);
  });
  const bytes = Buffer.concat(out);
  return {
    code,
    bytes,
    stdout: bytes.toString(),
    stderr: Buffer.concat(err).toString(),
  };
}

/** Runs the program, which must succeed and print nothing on standard error. */
export async function runGood(
  args: readonly string[],
  options?: RunOptions,
): Promise<RunResult> {
  const result = await run(args, options);
  assert.equal(result.stderr, "", `${args.join(" ")} prints no message`);
  assert.equal(result.code, 0, `${args.join(" ")} succeeds`);
  return result;
}

/** A command line, its exit code, and a pattern of its message. */
export type Refusal = readonly [
  args: readonly string[],
  code: 1 | 2,
  message: RegExp,
];

/**
 * Runs the program, which must refuse in one line that matches `message`, print
 * nothing else, and exit with `code`.
 */
export async function runBad(
  args: readonly string[],
  code: 1 | 2,
  message: RegExp,
  options?: RunOptions,
): Promise<void> {
  assertRefused([args, code, message], await run(args, options));
}

/** Runs command lines in sequence in one process. */
export async function runAll(
  lines: readonly (readonly string[])[],
): Promise<Pick<RunResult, "code" | "stdout" | "stderr">[]> {
  const line = programLine([JSON.stringify(lines)], undefined, MANY);
  const result = await execute(line);
  assert.equal(result.code, 0, result.stderr);
  const stdout = result.stdout.split("\0");
  const stderr = result.stderr.split("\0");
  assert.equal(stdout.length, lines.length * 2 + 1);
  return lines.map((_, index) => ({
    code: Number(stdout[2 * index + 1]),
    stdout: stdout[2 * index],
    stderr: stderr[2 * index],
  }));
}

/** As {@linkcode runAll}; each must succeed and print no message. */
export async function runAllGood(
  lines: readonly (readonly string[])[],
): Promise<string[]> {
  const results = await runAll(lines);
  return results.map(({ code, stdout, stderr }, index) => {
    assert.equal(stderr, "", `${lines[index].join(" ")} prints no message`);
    assert.equal(code, 0, `${lines[index].join(" ")} succeeds`);
    return stdout;
  });
}

/** As {@linkcode runAll}; each must refuse. */
export async function runAllBad(refusals: readonly Refusal[]): Promise<void> {
  const results = await runAll(refusals.map(([args]) => args));
  results.forEach((result, index) => assertRefused(refusals[index], result));
}

function assertRefused(
  [args, code, message]: Refusal,
  result: Pick<RunResult, "code" | "stdout" | "stderr">,
): void {
  const { stderr } = result;
  assert.match(stderr, /^error: Cannot [^\n]*\n$/, `${args.join(" ")}: a line`);
  assert.match(stderr, message);
  assert.equal(/ \(see (\w+ )?--help\)\n$/.test(stderr), code === 2, stderr);
  assert.equal(result.code, code, stderr);
  assert.equal(result.stdout, "", `${args.join(" ")} prints nothing`);
}
