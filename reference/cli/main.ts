/**
 * The command line: `deno task COMMAND`.
 *
 * @module
 */

import { realpathSync } from "node:fs";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { RuleError } from "../../format/rules/mod.ts";
import {
  IntegrityError,
  reasonOf,
  SourceError,
  withoutSecrets,
} from "../sources/mod.ts";
import { COMMANDS } from "./commands.ts";
import {
  finishMessages,
  finishOutput,
  OutputClosed,
  print,
  printMessage,
} from "./output/output.ts";
import { printable } from "./output/printable.ts";
import { printEvent } from "./output/progress_events.ts";
import {
  type Command,
  COMMON_NAMES,
  COMMON_OPTIONS,
} from "./program/command.ts";
import { didYouMean, listed } from "./program/did_you_mean.ts";
import { remedyOf } from "./program/integrity_remedy.ts";
import { Interrupted, onStop, signalExitCode } from "./program/interrupted.ts";
import { UsageError } from "./program/usage_error.ts";
import { VERSION } from "./program/version.ts";

/**
 * Exit codes: success; a bad file or a failure; a wrong command line; a file
 * that is not the one of its digest.
 */
const DONE = 0;
const FAILED = 1;
const USAGE = 2;
const UNTRUSTED = 3;

const NAMES = Object.keys(COMMANDS);

type CommonOption = keyof typeof COMMON_OPTIONS;

/** Runs a command line; resolves to the exit code. */
export async function main(args: readonly string[]): Promise<number> {
  const interrupt = new AbortController();
  using _ = onStop((signal) => interrupt.abort(new Interrupted(signal)));
  const ended = await runLine(args, interrupt.signal);
  return await finish(ended, interrupt.signal);
}

/** How a command ended. */
interface Ended {
  /** Its exit code. */
  readonly code: number;
  /** The exit code if its output cannot be written. */
  readonly failed: number;
}

async function runLine(
  args: readonly string[],
  signal: AbortSignal,
): Promise<Ended> {
  const [name, ...rest] = args;
  let failed = FAILED;
  const ended = (code: number): Ended => ({ code, failed });
  try {
    if (asksFor("version", args)) {
      const { SPEC_VERSION } = await import("../../format/stream/mod.ts");
      print(`mapped-ram ${VERSION} (SPEC.md ${SPEC_VERSION})`);
      return ended(DONE);
    }
    if (name === "help" || asksFor("help", args.slice(0, 1))) {
      return ended(await printHelp(rest));
    }
    if (asksFor("help", rest)) return ended(await printHelp([name]));
    const command = await loadCommand(name);
    failed = command.failureCode ?? FAILED;
    return ended(await command.run(rest, { signal }));
  } catch (error) {
    if (error instanceof IntegrityError && optionsOf(args).includes("--json")) {
      printIntegrity(error);
    }
    return ended(explain(name, error, { failed }));
  }
}

/** Prints the help of a command, or of the program if none is named. */
async function printHelp(words: readonly string[]): Promise<number> {
  const [name, extra] = words.filter((it) => !isCommon("help", it));
  if (extra !== undefined) {
    throw new UsageError(
      `Cannot use ${JSON.stringify(extra)}: expected help COMMAND`,
    );
  }
  const command = name === undefined || name === "help"
    ? undefined
    : await loadCommand(name);
  const { helpHere } = await import("./help.ts");
  print(helpHere(command));
  return DONE;
}

/** Waits until the output has been read; returns the exit code. */
async function finish(
  { code, failed }: Ended,
  signal: AbortSignal,
): Promise<number> {
  let finished = code;
  try {
    await finishOutput(signal);
  } catch (error) {
    // Any other code says already that it failed.
    if (code < failed) finished = explain("print", error, { failed });
  }
  await finishMessages();
  return finished;
}

function loadCommand(name: string | undefined): Promise<Command> {
  if (name !== undefined && Object.hasOwn(COMMANDS, name)) {
    return COMMANDS[name].load();
  }
  const expected = `expected ${listed(NAMES)}`;
  if (name === undefined) {
    throw new UsageError(`Cannot start without a command: ${expected}`);
  }
  const isOption = name.startsWith("-");
  const meant = didYouMean(
    name,
    isOption ? COMMON_NAMES : [...NAMES, "help", "--version"],
  );
  throw new UsageError(
    isOption
      ? `Cannot use ${
        JSON.stringify(name)
      }${meant} before a command: ${expected}`
      : `Cannot run ${JSON.stringify(name)}${meant}: ${expected}`,
  );
}

/** Whether an option is among the arguments before `--`. */
function asksFor(option: CommonOption, args: readonly string[]): boolean {
  return optionsOf(args).some((it) => isCommon(option, it));
}

/** Returns the arguments before `--`. */
function optionsOf(args: readonly string[]): readonly string[] {
  const end = args.indexOf("--");
  return end < 0 ? args : args.slice(0, end);
}

/** Whether a word is the option, in its long or its short form. */
function isCommon(option: CommonOption, word: string): boolean {
  return word === `--${option}` || word === `-${COMMON_OPTIONS[option].short}`;
}

/** Prints what is wrong with a file for programs, as an event. */
function printIntegrity(error: IntegrityError): void {
  const { source, offset, length, rule, found, expected, digest } = error;
  const { idstr, pageIndex } = error.page ?? {};
  const place = { file: source, offset, length, idstr, page: pageIndex };
  printEvent("untrusted", { ...place, rule, found, expected, digest });
}

/** Prints in one line why a command failed; returns the exit code. */
function explain(
  name: string | undefined,
  error: unknown,
  { failed }: Pick<Ended, "failed">,
): number {
  // The exit code of a command that does not handle the signal.
  if (error instanceof OutputClosed) return signalExitCode("SIGPIPE");
  const inKnownWords = error instanceof UsageError ||
    error instanceof RuleError || error instanceof SourceError ||
    error instanceof IntegrityError ||
    error instanceof RangeError || error instanceof SyntaxError;
  const message = error instanceof Interrupted
    ? `Cannot finish: stopped by ${error.message}`
    : inKnownWords
    ? error.message
    : `Cannot ${name}: ${reasonOf(error)}`;
  const isUsage = error instanceof UsageError;
  const command = name !== undefined && NAMES.includes(name) ? `${name} ` : "";
  const hint = isUsage
    ? ` (see ${command}--help)`
    : error instanceof IntegrityError
    ? `; ${remedyOf(error)}`
    : "";
  printMessage(`error: ${printable(withoutSecrets(message))}${hint}`);
  return error instanceof Interrupted
    ? error.exitCode
    : isUsage
    ? USAGE
    : error instanceof IntegrityError
    ? UNTRUSTED
    : failed;
}

/** Whether this file is the entry point, even if the runtime cannot tell. */
function isMain(): boolean {
  const isEntry: boolean | undefined = import.meta.main;
  if (isEntry !== undefined) return isEntry;
  const [, script] = process.argv;
  return script !== undefined &&
    realpathSync(script) === fileURLToPath(import.meta.url);
}

if (isMain()) process.exit(await main(process.argv.slice(2)));
