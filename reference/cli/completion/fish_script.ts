import { COMMON_OPTIONS } from "../program/command.ts";
import type {
  CompletedCommand,
  CompletedOperand,
  CompletedOption,
} from "./completion_table.ts";

const COMPLETE = "complete -c mapped-ram";

/** Returns the script for fish, a file of its folder of completions. */
export function fishScript(table: readonly CompletedCommand[]): string {
  return `\
# Completes mapped-ram in fish. Printed by: mapped-ram completion fish

# Whether the command is this one.
function __mapped_ram_is
    set -l words (commandline -opc)
    test "$words[2]" = "$argv[1]"
end

# Whether another command line follows, or paths.
function __mapped_ram_is_over
    contains -- -- (commandline -opc)
end

${COMPLETE} -f
${Object.entries(COMMON_OPTIONS).map(commonLine).join("\n")}
${table.flatMap(commandLines).join("\n")}
${COMPLETE} -n __mapped_ram_is_over -F`;
}

function commonLine(
  [name, { short, text }]: readonly [
    string,
    { readonly short: string; readonly text: string },
  ],
): string {
  return `${COMPLETE} -s ${short} -l ${name} -d ${quoted(text)}`;
}

function commandLines(
  { name, summary, operands, options }: CompletedCommand,
): string[] {
  const isIt = `${COMPLETE} -n ${quoted(`__mapped_ram_is ${name}`)}`;
  return [
    `${COMPLETE} -n ${quoted("__mapped_ram_is ''")} -a ${name} -d ${
      quoted(summary)
    }`,
    ...options.filter((it) => !(it.name in COMMON_OPTIONS))
      .map((it) => `${isIt} ${optionWords(it)}`),
    ...operandWords(operands).map((it) => `${isIt} ${it}`),
  ];
}

function optionWords(
  { name, text, value, completed }: CompletedOption,
): string {
  const takes = value === undefined
    ? ""
    : completed === "path"
    ? " -r -F"
    : completed === undefined
    ? " -x"
    : ` -x -a ${quoted(completed.join(" "))}`;
  return `-l ${name}${takes} -d ${quoted(text)}`;
}

function operandWords(operands: readonly CompletedOperand[]): string[] {
  const words = operands.flatMap(({ completed }) =>
    typeof completed === "object" ? completed : []
  );
  return [
    ...words.length > 0 ? [`-a ${quoted(words.join(" "))}`] : [],
    ...operands.some(({ completed }) => completed === "path") ? ["-F"] : [],
  ];
}

function quoted(text: string): string {
  return `'${text.replaceAll(/['\\]/g, "\\$&")}'`;
}
