import { parseArgs } from "node:util";
import { sourceAddress } from "../../inputs/mod.ts";
import { urlScheme } from "../../sources/mod.ts";
import { didYouMean, listed } from "./did_you_mean.ts";
import type { Options } from "./option.ts";
import type { OptionUses } from "./option_ways.ts";
import { UsageError } from "./usage_error.ts";

/** The context in which a command runs. */
export interface CommandContext {
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal;
}

/** A command of the command line, with all that its help consists of. */
export interface Command {
  /** The ways of using it, each from the name of the command on. */
  readonly usage: readonly string[];
  /** What it does: paragraphs, which empty lines separate. */
  readonly about: string;
  /** Operands that need a description, by name. */
  readonly operands?: Readonly<Record<string, string>>;
  /** Its options. */
  readonly options: Options;
  /** Paragraphs that follow the options. */
  readonly notes?: string;
  /** Lines that use it, each from the name of the command on. */
  readonly examples: readonly string[];
  /** When the options have an effect. Default: always. */
  readonly uses?: OptionUses;
  /**
   * The exit code of a failure, such as a file that cannot be read. Default: 1.
   */
  readonly failureCode?: number;
  /** Runs the command; resolves to the exit code. */
  run(args: readonly string[], context: CommandContext): Promise<number>;
}

/** Options that every command has, and the program itself. */
export const COMMON_OPTIONS = {
  help: { short: "h", text: "print help, of the command if it is named" },
  version: { short: "V", text: "print the version" },
} as const;

/** What is typed for them, in the long and in the short form. */
export const COMMON_NAMES = Object.entries(COMMON_OPTIONS)
  .flatMap(([name, { short }]) => [`--${name}`, `-${short}`]);

/** A command before it is loaded. */
export interface CommandEntry {
  /** Its line in the list of commands. */
  readonly summary: string;
  /** Loads it, so that starting one command does not load the others. */
  readonly load: () => Promise<Command>;
}

/** Parsed arguments: the values of options by name, and the others. */
export interface ParsedArguments<T extends Options> {
  readonly values: { readonly [Name in keyof T]?: ValueOf<T[Name]> };
  readonly positionals: readonly string[];
}

type ValueOf<Option extends Options[string]> = Option extends
  { readonly type: "boolean" } ? boolean
  : Option extends { readonly multiple: true } ? TextOf<Option>[]
  : TextOf<Option>;

type TextOf<Option extends Options[string]> = Option extends
  { readonly values: readonly (infer Value)[] } ? Value : string;

/** Parses arguments; throws a {@linkcode UsageError} if they do not fit. */
export function parse<T extends Options>(
  args: readonly string[],
  options: T,
): ParsedArguments<T> {
  // The messages of parseArgs itself differ between runtimes.
  checkOptions(args, options);
  const parsed = parseArgs({
    args: [...args],
    options,
    allowPositionals: true,
  });
  return parsed as unknown as ParsedArguments<T>;
}

function checkOptions(args: readonly string[], options: Options): void {
  const { tokens } = parseArgs({
    args: [...args],
    options,
    allowPositionals: true,
    strict: false,
    tokens: true,
  });
  const seen = new Set<string>();
  for (const token of tokens) {
    if (token.kind === "option-terminator") return;
    if (token.kind === "positional") {
      if (FOREIGN_DASH.test(token.value)) {
        throw noSuchOption(token.value, options);
      }
      continue;
    }
    const { name, rawName, value, inlineValue } = token;
    const option = Object.hasOwn(options, name) ? options[name] : undefined;
    if (option === undefined || rawName !== `--${name}`) {
      // A single dash makes an option of each letter.
      const [word] = args[token.index].split("=");
      throw noSuchOption(word, options);
    }
    if (seen.has(name) && !option.multiple) {
      throw new UsageError(`Cannot use ${rawName} twice`);
    }
    seen.add(name);
    if (option.type === "boolean") {
      if (value === undefined) continue;
      throw new UsageError(
        `Cannot use ${rawName}=${JSON.stringify(value)}: it takes no value`,
      );
    }
    if (!value) {
      throw new UsageError(`Cannot use ${rawName}: its value is missing`);
    }
    if (!inlineValue && /^-./.test(value)) {
      throw new UsageError(
        `Cannot use ${rawName} with ${JSON.stringify(value)}, which is an ` +
          `option: expected a value, or ${rawName}=${value}`,
      );
    }
    checkValue(rawName, value, option.values);
  }
}

/** A dash that a word processor made of a hyphen, or of two. */
const FOREIGN_DASH = /^[\u2010-\u2015\u2212]/;

function noSuchOption(word: string, options: Options): UsageError {
  const names = Object.keys(options).map((it) => `--${it}`);
  return new UsageError(
    `Cannot use ${JSON.stringify(word)}` +
      didYouMean(word, [...names, ...COMMON_NAMES]) +
      ": there is no such option",
  );
}

function checkValue(
  option: string,
  value: string,
  values: readonly string[] | undefined,
): void {
  if (values === undefined || values.includes(value)) return;
  throw new UsageError(
    `Cannot use ${JSON.stringify(value)} as ${option}` +
      `${didYouMean(value, values)}: expected ${listed(values)}`,
  );
}

/** The positional arguments that name inputs: paths or URLs. */
const SOURCES: readonly string[] = ["FILE", "IN", "A", "B", "BASE", "NEW"];

/**
 * Takes exactly the named positional arguments. An input given as a `file:` URL
 * becomes a path.
 */
export function takePositionals<Name extends string>(
  positionals: readonly string[],
  ...names: readonly Name[]
): Record<Name, string> {
  if (positionals.length < names.length) {
    const missing = names.slice(positionals.length);
    const expected = missing.length === names.length
      ? ""
      : `: expected ${names.join(" ")}`;
    throw new UsageError(
      `Cannot start without ${missing.join(" ")}${expected}`,
    );
  }
  if (positionals.length > names.length) {
    const extra = JSON.stringify(positionals[names.length]);
    throw new UsageError(`Cannot use ${extra}: expected ${names.join(" ")}`);
  }
  return Object.fromEntries(
    names.map((name, index) => {
      const text = positionals[index];
      const isFileUrl = SOURCES.includes(name) && urlScheme(text) === "file";
      return [name, isFileUrl ? sourceAddress(text) : text];
    }),
  ) as Record<Name, string>;
}
