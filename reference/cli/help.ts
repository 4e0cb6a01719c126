import { COMMANDS } from "./commands.ts";
import { type Command, COMMON_OPTIONS } from "./program/command.ts";
import { entry, exampleLines, helpText } from "./program/help_text.ts";
import { programWords } from "./program/program_name.ts";

/** The purpose of the program. */
export const TITLE =
  "VM RAM snapshots in QEMU's file format, every page at a fixed place";

/** Notes that apply to every command. */
export const NOTES =
  `Wherever a snapshot is read, FILE may be a URL, and a qcow2 image with the
snapshot on its disk. "COMMAND --help" and "help COMMAND" print the options of a
command.`;

/** What the exit codes mean. */
export const EXIT_CODES: Readonly<Record<number, string>> = {
  0: "done",
  1: "the file is bad or the work failed; of diff: the snapshots differ",
  2: "wrong usage; of diff also: the work failed",
  3: "a file does not agree with its --digest: damaged, or another file",
  130: "stopped by Ctrl-C",
  141:
    "the reader of the output closed it (only info, bitmaps, verify, diff, " +
    "read and completion, whose output is their purpose)",
  143: "stopped by kill",
};

/** Environment variables, and their effects. */
export const ENVIRONMENT: Readonly<Record<string, string>> = {
  NO_COLOR: "if it is not empty, print no colours",
  FORCE_COLOR: "if it is not empty, print colours even if the output is no " +
    "terminal; 0: print none; it overrides NO_COLOR",
};

/** A line that uses the program, as {@linkcode Command.examples}. */
export const EXAMPLES = [
  "save        # makes a small guest, saves it, shows it",
];

/** Returns the help of a command, or of the program, as it was started. */
export function helpHere(command?: Command): string {
  const program = programWords().join(" ");
  return command === undefined
    ? programHelp(program)
    : helpText(command, program);
}

function programHelp(program: string): string {
  const commands = Object.entries(COMMANDS)
    .map(([name, { summary }]) => [name, summary] as const);
  const options = Object.entries(COMMON_OPTIONS)
    .map(([name, { short, text }]) => [`-${short}, --${name}`, text] as const);
  return [
    `mapped-ram: ${TITLE}`,
    `Usage: ${program} COMMAND [arguments]`,
    list("Commands", commands, 15),
    list("Options", options, 19),
    NOTES,
    list("Environment", Object.entries(ENVIRONMENT), 15),
    list("Exit codes", Object.entries(EXIT_CODES), 7),
    exampleLines(EXAMPLES, program),
  ].join("\n\n");
}

function list(
  title: string,
  entries: readonly (readonly [name: string, text: string])[],
  column: number,
): string {
  const lines = entries.map(([name, text]) => entry(name, text, column));
  return [`${title}:`, ...lines].join("\n");
}
