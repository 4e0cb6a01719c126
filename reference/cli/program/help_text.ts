import type { Command } from "./command.ts";
import { optionWords } from "./option.ts";

const WIDTH = 80;
/** The column at which the text of an option begins. */
const COLUMN = 30;
const GAP = 2;

/** Returns the text that `--help` prints, of a program with this name. */
export function helpText(
  { usage, about, operands = {}, options, notes, examples }: Command,
  program: string,
): string {
  return [
    usage.map((it, at) => `${at === 0 ? "Usage: " : "       "}${program} ${it}`)
      .join("\n"),
    paragraphs(about),
    [...entries(operands), ...optionLines(options)].join("\n"),
    ...notes === undefined ? [] : [paragraphs(notes)],
    exampleLines(examples, program),
  ].join("\n\n");
}

/** Returns the part of a help text that shows examples. */
export function exampleLines(
  examples: readonly string[],
  program: string,
): string {
  return [
    examples.length > 1 ? "Examples:" : "Example:",
    ...examples.map((it) => `  ${program} ${it}`),
  ].join("\n");
}

/** Fills the lines of paragraphs, which empty lines separate. */
function paragraphs(text: string): string {
  return text.split("\n\n").map((it) => filled(it).join("\n")).join("\n\n");
}

/** Fills the lines of what is named in a help text, and its description. */
export function entry(name: string, text: string, column = COLUMN): string {
  const lines = filled(text, WIDTH - column);
  const head = `  ${name}`;
  const fits = head.length + GAP <= column;
  return [
    fits ? head.padEnd(column) + lines[0] : head,
    ...lines.slice(fits ? 1 : 0).map((it) => " ".repeat(column) + it),
  ].join("\n");
}

function entries(table: Readonly<Record<string, string>>): string[] {
  return Object.entries(table).map(([name, text]) => entry(name, text));
}

function optionLines(options: Command["options"]): string[] {
  let last: string | undefined;
  const lines = Object.entries(options).flatMap(([name, option]) => {
    const { group, text } = option;
    const head = group === last ? [] : ["", ...group ? [`${group}:`] : []];
    last = group;
    return [...head, entry(optionWords(name, option), text)];
  });
  return [...lines, entry("-h, --help", "print this")];
}

function filled(text: string, width = WIDTH): string[] {
  const lines: string[] = [];
  for (const word of text.split(/\s+/)) {
    const line = lines.at(-1);
    if (line === undefined || line.length + 1 + word.length > width) {
      lines.push(word);
    } else lines[lines.length - 1] = `${line} ${word}`;
  }
  return lines;
}
