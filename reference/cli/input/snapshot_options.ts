import type { OpenOptions } from "../../reading/mod.ts";
import { UsageError } from "../program/usage_error.ts";
import { parseNumber } from "./number_argument.ts";

/** Options that say how to open a snapshot. */
export const OPEN_OPTIONS = {
  offset: { type: "string" },
  "bitmap-byte-order": { type: "string" },
  "bitmap-word-size": { type: "string" },
} as const;

/** Options of every command that reads a snapshot. */
export const SNAPSHOT_OPTIONS = {
  ...OPEN_OPTIONS,
  json: { type: "boolean" },
} as const;

/** Names of {@linkcode OPEN_OPTIONS}. */
export const OPEN_NAMES = [
  "offset",
  "bitmap-byte-order",
  "bitmap-word-size",
] as const;

/** Names of {@linkcode SNAPSHOT_OPTIONS}. */
export const SNAPSHOT_NAMES = [...OPEN_NAMES, "json"] as const;

/** Returns the `--offset` line of `--help` for the snapshot of that name. */
export function offsetHelp(file: string): string {
  return `\
  --offset N                  offset in bytes at which the stream starts in
                              ${file}`;
}

/** Returns the lines of {@linkcode OPEN_OPTIONS} in `--help` for that name. */
export function openOptionsHelp(file: string): string {
  return `\
${offsetHelp(file)}
  --bitmap-byte-order ORDER   little, or big if a big-endian host saved ${file}
  --bitmap-word-size SIZE     8, or 4 if a 32-bit host saved ${file}`;
}

/** The `--json` and `--help` lines of commands that print one document. */
export const ANSWER_HELP = `\
  --json                      print JSON
  --help                      print this`;

/** The `--json` and `--help` lines of commands that report progress. */
export const EVENTS_HELP = `\
  --json                      print JSON, one object per line: progress during
                              the work, then the result
  --help                      print this`;

/** The lines of {@linkcode SNAPSHOT_OPTIONS} in `--help`. */
export const SNAPSHOT_OPTIONS_HELP = `\
${openOptionsHelp("FILE")}
${ANSWER_HELP}`;

/** Values of {@linkcode OPEN_OPTIONS}. */
export interface OpenValues {
  readonly offset?: string | undefined;
  readonly "bitmap-byte-order"?: string | undefined;
  readonly "bitmap-word-size"?: string | undefined;
}

/** Returns the words of a command line that give these options. */
export function openWords(
  { offset, bitmapByteOrder, bitmapWordSize }: OpenOptions,
): string[] {
  const values = {
    offset,
    "bitmap-byte-order": bitmapByteOrder,
    "bitmap-word-size": bitmapWordSize,
  };
  return Object.entries(values).flatMap(([name, value]) =>
    value === undefined ? [] : [`--${name}`, String(value)]
  );
}

/** Converts the values of {@linkcode OPEN_OPTIONS} to options of opening. */
export function openOptions(values: OpenValues): OpenOptions {
  const order = values["bitmap-byte-order"];
  const size = values["bitmap-word-size"];
  if (order !== undefined && order !== "little" && order !== "big") {
    throw new UsageError(
      `Cannot use ${JSON.stringify(order)} as --bitmap-byte-order: ` +
        "expected little or big",
    );
  }
  if (size !== undefined && size !== "4" && size !== "8") {
    throw new UsageError(
      `Cannot use ${JSON.stringify(size)} as --bitmap-word-size: ` +
        "expected 4 or 8",
    );
  }
  return {
    offset: values.offset === undefined
      ? undefined
      : parseNumber("--offset", values.offset),
    bitmapByteOrder: order,
    bitmapWordSize: size === undefined ? undefined : size === "4" ? 4 : 8,
  };
}
