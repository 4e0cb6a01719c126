import { type CommandEntry, COMMON_OPTIONS } from "../program/command.ts";
import type { Option } from "../program/option.ts";

/** What completes a word: one of several words, a path, or nothing. */
export type Completed = readonly string[] | "path" | undefined;

/** An option in the eyes of a shell. */
export interface CompletedOption {
  readonly name: string;
  readonly text: string;
  /** The name of its value; undefined if it takes none. */
  readonly value: string | undefined;
  readonly completed: Completed;
  readonly multiple: boolean;
}

/** A word of a command line that is no option. */
export interface CompletedOperand {
  readonly name: string;
  readonly completed: Completed;
}

/** A command in the eyes of a shell. */
export interface CompletedCommand {
  readonly name: string;
  readonly summary: string;
  readonly operands: readonly CompletedOperand[];
  readonly options: readonly CompletedOption[];
  /** Whether another command line follows `--`. */
  readonly hasRest: boolean;
}

/** Names of values and operands that are paths, as the help has them. */
const PATHS = [
  ...["A", "ADDRESS", "B", "BASE", "FILE", "IMAGE", "IN", "NEW", "OUT"],
  ...["OUTDIR", "PATH", "PLACE", "PROFILE", "SNAPSHOT"],
];

const COMMON = Object.entries(COMMON_OPTIONS).map(([name, { text }]) =>
  [name, { type: "boolean", text }] as const
);

/** Returns what shells complete: the commands, and `help`. */
export async function completionTable(
  commands: Readonly<Record<string, CommandEntry>>,
): Promise<readonly CompletedCommand[]> {
  const table = await Promise.all(
    Object.entries(commands).map(async ([name, { summary, load }]) => {
      const { usage: [usage], options } = await load();
      return {
        name,
        summary,
        operands: operandsOf(usage),
        options: [...Object.entries(options), ...COMMON].map(completedOption),
        hasRest: / -- /.test(usage),
      };
    }),
  );
  const names = Object.keys(commands);
  return [...table, {
    name: "help",
    summary: "prints the options of a command",
    operands: [{ name: "COMMAND", completed: names }],
    options: [],
    hasRest: false,
  }];
}

function completedOption(
  [name, option]: readonly [string, Option],
): CompletedOption {
  const { text, values, suggests, multiple = false } = option;
  const value = option.value ?? values?.join("|");
  return {
    name,
    text,
    value,
    completed: values ?? suggests ?? completedAs(value),
    multiple,
  };
}

/** Returns the operands of a usage: the words before options and `--`. */
function operandsOf(usage: string): CompletedOperand[] {
  const words = usage.split(" ").slice(1);
  const end = words.findIndex((it) => /^[-[]/.test(it));
  return words.slice(0, end < 0 ? undefined : end).map((it) => {
    const [name, ...others] = it.split("|");
    // Words in small letters are typed as they are.
    return /^[a-z]/.test(name)
      ? { name: it, completed: [name, ...others] }
      : { name, completed: completedAs(name) };
  });
}

/** Whether a value of this name ends with a path: `IDSTR=IMAGE`, `FILE`. */
function completedAs(name: string | undefined): "path" | undefined {
  const last = name?.replace(/^.*[=:]/, "");
  return last !== undefined && PATHS.includes(last) ? "path" : undefined;
}
