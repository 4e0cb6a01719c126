/**
 * The command line: `save`, `info`, `verify`, `read`, `load`.
 *
 * @module
 */

import process from "node:process";
import { RuleError } from "../../format/mod.ts";
import { SourceError } from "../mod.ts";
import type { Command } from "./command.ts";
import { formatTable } from "./format_bytes.ts";
import { info } from "./info.ts";
import { load } from "./load.ts";
import { OutputClosed, print, printMessage } from "./output.ts";
import { read } from "./read.ts";
import { save } from "./save.ts";
import { UsageError } from "./usage_error.ts";
import { verify } from "./verify.ts";

/** Exit codes: all done; a bad file or a failure; a wrong command line. */
const DONE = 0;
const FAILED = 1;
const USAGE = 2;

const COMMANDS: Readonly<Record<string, Command>> = {
  save,
  info,
  verify,
  read,
  load,
};

const HELP = `\
mapped-ram: VM RAM snapshots, every page at a fixed place

Usage: COMMAND [arguments]

${
  formatTable(
    Object.entries(COMMANDS).map((
      [name, { summary }],
    ) => [`  ${name}`, summary]),
  ).join("\n")
}

COMMAND --help tells more. FILE may be a URL where a snapshot is read.`;

/** Runs one command line; the number is the exit code. */
export async function main(args: readonly string[]): Promise<number> {
  const [name, ...rest] = args;
  if (name === undefined || name === "--help" || name === "help") {
    print(HELP);
    return name === undefined ? USAGE : DONE;
  }
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (command === undefined) {
    printMessage(
      `error: there is no command ${JSON.stringify(name)} (see --help)`,
    );
    return USAGE;
  }
  if (rest.includes("--help")) {
    print(command.help);
    return DONE;
  }
  const interrupt = new AbortController();
  const stop = (signal: string) => interrupt.abort(new Interrupted(signal));
  process.on("SIGINT", stop);
  process.on("SIGTERM", stop);
  try {
    return await command.run(rest, { signal: interrupt.signal });
  } catch (error) {
    return explain(name, error);
  } finally {
    process.off("SIGINT", stop);
    process.off("SIGTERM", stop);
  }
}

class Interrupted extends Error {
  override readonly name = "Interrupted";
}

function explain(name: string, error: unknown): number {
  if (error instanceof OutputClosed) return DONE;
  if (error instanceof UsageError) {
    printMessage(`error: ${error.message} (see ${name} --help)`);
    return USAGE;
  }
  if (error instanceof Interrupted) {
    printMessage(`error: stopped by ${error.message}, nothing was left behind`);
    return FAILED;
  }
  const message = error instanceof Error ? error.message : String(error);
  const expected = error instanceof RuleError || error instanceof SourceError ||
    error instanceof RangeError;
  printMessage(
    `error: ${expected ? "" : "unexpected: "}${message.replaceAll("\n", " ")}`,
  );
  return FAILED;
}

if (import.meta.main) {
  process.exitCode = await main(process.argv.slice(2));
}
