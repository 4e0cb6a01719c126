import { parseArgs, type ParseArgsConfig } from "node:util";
import { sourceAddress } from "../../inputs/mod.ts";
import { urlScheme } from "../../sources/mod.ts";
import { didYouMean } from "./did_you_mean.ts";
import type { OptionUses } from "./option_ways.ts";
import { UsageError } from "./usage_error.ts";

/** The context in which a command runs. */
export interface CommandContext {
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal;
}

/** A command of the command line. */
export interface Command {
  /** The text that `--help` prints. */
  readonly help: string;
  /** Its options. */
  readonly options: Options;
  /** When the options have an effect. Default: always. */
  readonly uses?: OptionUses;
  /** Runs the command; resolves to the exit code. */
  run(args: readonly string[], context: CommandContext): Promise<number>;
}

type Options = NonNullable<ParseArgsConfig["options"]>;

/** Parsed arguments: the values of options by name, and the others. */
export interface ParsedArguments<T extends Options> {
  readonly values: { readonly [Name in keyof T]?: ValueOf<T[Name]> };
  readonly positionals: readonly string[];
}

type ValueOf<Option extends Options[string]> = Option extends
  { readonly type: "boolean" } ? boolean
  : Option extends { readonly multiple: true } ? string[]
  : string;

/** Parses arguments; throws a {@linkcode UsageError} if they do not fit. */
export function parse<T extends Options>(
  args: readonly string[],
  options: T,
): ParsedArguments<T> {
  // The messages of parseArgs itself differ between runtimes.
  checkOptions(args, options);
  return parseArgs({ args: [...args], options, allowPositionals: true });
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
    if (token.kind !== "option") continue;
    const { name, rawName, value, inlineValue } = token;
    const option = Object.hasOwn(options, name) ? options[name] : undefined;
    if (option === undefined || rawName !== `--${name}`) {
      throw new UsageError(
        `Cannot use ${JSON.stringify(rawName)}` +
          didYouMean(rawName, Object.keys(options).map((it) => `--${it}`)) +
          ": there is no such option",
      );
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
  }
}

/** The positional arguments that name inputs: paths or URLs. */
const SOURCES: readonly string[] = ["FILE", "IN"];

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
