import { parseArgs, type ParseArgsConfig } from "node:util";
import type { OpenOptions } from "../mod.ts";
import { parseNumber } from "./number_argument.ts";
import { UsageError } from "./usage_error.ts";

/** What a command is run with. */
export interface CommandContext {
  /** Is aborted by Ctrl-C. */
  readonly signal: AbortSignal;
}

/** A command of the command line. */
export interface Command {
  /** One line for the list of commands. */
  readonly summary: string;
  /** What `--help` prints. */
  readonly help: string;
  /** Runs it; the number is the exit code. */
  run(args: readonly string[], context: CommandContext): Promise<number>;
}

type Options = NonNullable<ParseArgsConfig["options"]>;

/** Options of every command that reads a snapshot. */
export const SNAPSHOT_OPTIONS = {
  offset: { type: "string" },
  "bitmap-byte-order": { type: "string" },
  "bitmap-word-size": { type: "string" },
  json: { type: "boolean" },
} as const satisfies Options;

/** Their lines in `--help`. */
export const SNAPSHOT_OPTIONS_HELP = `\
  --offset N                  where the stream starts in FILE, in bytes
  --bitmap-byte-order ORDER   little, or big if a big-endian host saved
  --bitmap-word-size SIZE     8, or 4 if a 32-bit host saved
  --json                      print JSON`;

/** Parses arguments; what does not fit is a {@linkcode UsageError}. */
export function parse<T extends Options>(
  args: readonly string[],
  options: T,
): ReturnType<
  typeof parseArgs<{ args: string[]; options: T; allowPositionals: true }>
> {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true });
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new UsageError(message.split("\n")[0].replace(/\.( .*)?$/, ""));
  }
}

/** Takes exactly the positional arguments that are named. */
export function takePositionals<Name extends string>(
  positionals: readonly string[],
  ...names: readonly Name[]
): Record<Name, string> {
  if (positionals.length < names.length) {
    throw new UsageError(`${names[positionals.length]} is missing`);
  }
  if (positionals.length > names.length) {
    const extra = JSON.stringify(positionals[names.length]);
    throw new UsageError(`${extra} is one argument too many`);
  }
  return Object.fromEntries(
    names.map((name, index) => [name, positionals[index]]),
  ) as Record<Name, string>;
}

/** How to open a snapshot, from the values of {@linkcode SNAPSHOT_OPTIONS}. */
export function openOptions(values: {
  readonly offset?: string | undefined;
  readonly "bitmap-byte-order"?: string | undefined;
  readonly "bitmap-word-size"?: string | undefined;
}): OpenOptions {
  const order = values["bitmap-byte-order"];
  const size = values["bitmap-word-size"];
  if (order !== undefined && order !== "little" && order !== "big") {
    throw new UsageError(
      `--bitmap-byte-order is ${JSON.stringify(order)}, ` +
        "expected little or big",
    );
  }
  if (size !== undefined && size !== "4" && size !== "8") {
    throw new UsageError(
      `--bitmap-word-size is ${JSON.stringify(size)}, expected 4 or 8`,
    );
  }
  return {
    ...(values.offset === undefined
      ? {}
      : { offset: parseNumber("--offset", values.offset) }),
    ...(order === undefined ? {} : { bitmapByteOrder: order }),
    ...(size === undefined ? {} : { bitmapWordSize: size === "4" ? 4 : 8 }),
  };
}
