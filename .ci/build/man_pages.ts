import { readFileSync } from "node:fs";
import { join } from "node:path";
import {
  type Command,
  COMMANDS,
  COMMON_OPTIONS,
  ENVIRONMENT,
  EXAMPLES,
  EXIT_CODES,
  listed,
  NOTES,
  type Option,
  optionWords,
  TITLE,
} from "../../reference/cli/mod.ts";
import type { Files } from "./compile.ts";
import { CONFIGURATION, NAME, ROOT } from "./project.ts";
import { bold, filled, item, literal, prose, section, usage } from "./roff.ts";

const ABOUT = `\
With the capability mapped-ram, QEMU saves the RAM of a VM so that every page has
a fixed place in the file. This program reads, saves, verifies and converts such
files one page at a time, and runs the guests in them.`;

/** What the pages say about themselves. */
export interface ManPageOptions {
  /** The date of the version: YYYY-MM-DD; undefined before its release. */
  readonly date: string | undefined;
}

/** Returns the date of this version, which docs/CHANGELOG.md gives a release. */
export function releaseDate(): string | undefined {
  const changelog = readFileSync(join(ROOT, "docs/CHANGELOG.md"), "utf8");
  const version = CONFIGURATION.version.replaceAll(".", "\\.");
  return RegExp(`^## ${version} \\((\\d{4}-\\d\\d-\\d\\d)\\)$`, "m")
    .exec(changelog)?.[1];
}

/** Makes the manual pages from the tables of the help, by file name. */
export async function manPages(options: ManPageOptions): Promise<Files> {
  const pages: Files = new Map([[`${NAME}.1`, programPage(options)]]);
  for (const [name, { summary, load }] of Object.entries(COMMANDS)) {
    const page = commandPage(await load(), { ...options, name, summary });
    pages.set(`${pageName(name)}.1`, page);
  }
  return pages;
}

function pageName(command: string): string {
  return `${NAME}-${command}`;
}

function programPage({ date }: ManPageOptions): string {
  const names = ["COMMAND", "FILE"];
  return page(NAME, date, [
    section("NAME", filled(`${literal(NAME)} \\- ${literal(TITLE)}`)),
    section("SYNOPSIS", usage(`${NAME} COMMAND [arguments]`)),
    section("DESCRIPTION", ...paragraphs(`${ABOUT}\n\n${NOTES}`, names)),
    section(
      "COMMANDS",
      ...Object.entries(COMMANDS).map(([name, { summary }]) =>
        item(`${bold(pageName(name))}(1)`, prose(summary, names))
      ),
    ),
    section("OPTIONS", ...commonItems()),
    table("EXIT STATUS", EXIT_CODES),
    table("ENVIRONMENT", ENVIRONMENT),
    examples(EXAMPLES),
    seeAlso(Object.keys(COMMANDS).map(pageName)),
  ]);
}

/** What a page about a command begins with. */
interface CommandPageOptions extends ManPageOptions {
  readonly name: string;
  readonly summary: string;
}

function commandPage(
  command: Command,
  { name, summary, date }: CommandPageOptions,
): string {
  const { about, operands = {}, options, notes } = command;
  const names = operandNames(command);
  const title = pageName(name);
  return page(title, date, [
    section("NAME", filled(`${literal(title)} \\- ${literal(summary)}`)),
    section(
      "SYNOPSIS",
      command.usage.map((it) => usage(`${NAME} ${it}`)).join("\n.br\n"),
    ),
    section("DESCRIPTION", ...paragraphs(about, names)),
    ...Object.keys(operands).length === 0 ? [] : [section(
      "OPERANDS",
      ...Object.entries(operands).map(([name, text]) =>
        item(usage(name), prose(text, []))
      ),
    )],
    section("OPTIONS", ...optionItems(options, names)),
    ...notes === undefined
      ? []
      : [section("NOTES", ...paragraphs(notes, names))],
    table("EXIT STATUS", EXIT_CODES),
    examples(command.examples),
    seeAlso([NAME]),
  ]);
}

/** Returns the options, those of a group under its heading at the end. */
function optionItems(
  options: Command["options"],
  names: readonly string[],
): string[] {
  const all = Object.entries(options);
  const groups = new Set(all.map(([, { group }]) => group));
  groups.delete(undefined);
  const ofGroup = (group: string | undefined) =>
    all.filter(([, it]) => it.group === group)
      .map(([name, it]) => optionItem(name, it, names));
  return [
    ...ofGroup(undefined),
    ...commonItems(),
    ...[...groups].flatMap((group) => [`.SS ${group}`, ...ofGroup(group)]),
  ];
}

function optionItem(
  name: string,
  option: Option,
  names: readonly string[],
): string {
  const { text, values = [], suggests = values, value } = option;
  const isSaid = value === undefined ||
    suggests.every((it) => text.includes(it));
  const more = isSaid ? "" : `. One of: ${listed(suggests)}`;
  return item(usage(optionWords(name, option)), prose(text + more, names));
}

function commonItems(): string[] {
  return Object.entries(COMMON_OPTIONS).map(([name, { short, text }]) =>
    item(`${bold(`-${short}`)}, ${bold(`--${name}`)}`, literal(text))
  );
}

/** Returns the placeholders of usages and options. */
function operandNames({ usage, options }: Command): string[] {
  const values = Object.values(options).map(({ value = "" }) => value);
  const found = [...usage, ...values].join(" ").match(/\b[A-Z]{2,}\b/g) ?? [];
  return [...new Set(found)].filter((it) =>
    !["QEMU", "ARGS", "URL"].includes(it)
  );
}

function paragraphs(text: string, names: readonly string[]): string[] {
  return text.split("\n\n").flatMap((it, index) => [
    ...index === 0 ? [] : [".PP"],
    filled(prose(it, names)),
  ]);
}

function table(
  title: string,
  entries: Readonly<Record<string, string>>,
): string {
  return section(
    title,
    ...Object.entries(entries).map(([name, text]) =>
      item(bold(name), literal(text))
    ),
  );
}

function examples(lines: readonly string[]): string {
  const code = lines.map((it) => literal(`${NAME} ${it}`));
  return section("EXAMPLES", ".EX", ...code, ".EE");
}

function seeAlso(pages: readonly string[]): string {
  return section(
    "SEE ALSO",
    pages.map((it) => `\\%${bold(it)}(1)`).join(",\n"),
  );
}

/** Returns a page; lines are neither broken in words nor stretched. */
function page(
  title: string,
  date = "",
  sections: readonly string[],
): string {
  const source = `${NAME} ${CONFIGURATION.version}`;
  const head = `.TH ${literal(title.toUpperCase())} 1 "${date}" "${source}" ` +
    '"User Commands"';
  return `${[head, ".nh", ".ad l", ...sections].join("\n")}\n`;
}
