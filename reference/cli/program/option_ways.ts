import { UsageError } from "./usage_error.ts";

/**
 * The options that each way of using a command accepts. The name of a way
 * completes "Cannot use --option …": `with --devices`, `from elf to
 * mapped-ram`. What follows a comma distinguishes ways that begin alike.
 */
export type OptionWays = Readonly<Record<string, readonly string[]>>;

/** The conditions under which the options of a command have an effect. */
export interface OptionUses {
  /** The options of each way. Default: all options in all ways. */
  readonly ways?: OptionWays | undefined;
  /** Options that have no effect unless one of the listed others is given. */
  readonly needs?: Readonly<Record<string, readonly string[]>> | undefined;
}

/** Declares the uses of a command's options, with their names type-checked. */
export function optionUses<Name extends string, Way extends string>(
  _options: Readonly<Record<Name, unknown>>,
  uses: {
    readonly ways: Readonly<Record<Way, readonly Name[]>>;
    readonly needs?: { readonly [name in Name]?: readonly Name[] };
  },
): {
  readonly ways: Readonly<Record<Way, readonly Name[]>>;
  readonly needs: Readonly<Record<string, readonly string[]>>;
} {
  return { ways: uses.ways, needs: (uses.needs ?? {}) as OptionNeeds };
}

type OptionNeeds = Readonly<Record<string, readonly string[]>>;

/**
 * Refuses options without effect: those that a way of using the command does
 * not accept, and those that need another option that is missing.
 *
 * @throws {UsageError} if there is such an option; the message names it
 */
export function checkUses<Way extends string>(
  { ways, needs }: {
    readonly ways: Readonly<Record<Way, readonly string[]>>;
    readonly needs?: OptionNeeds | undefined;
  },
  way: Way,
  values: object,
): void {
  checkNeeds({ needs }, values);
  const other = Object.keys(values).find((name) => !ways[way].includes(name));
  if (other === undefined) return;
  const [start] = way.split(",");
  const alike = Object.entries<readonly string[]>(ways)
    .filter(([name]) => name.split(",")[0] === start);
  const isAccepted = alike.some(([, names]) => names.includes(other));
  throw new UsageError(`Cannot use --${other} ${isAccepted ? way : start}`);
}

/**
 * Refuses options that need another option that is missing.
 *
 * @throws {UsageError} if there is such an option; the message names it
 */
export function checkNeeds(
  { needs = {} }: { readonly needs?: OptionNeeds | undefined } = {},
  values: object,
): void {
  const given = Object.keys(values);
  for (const name of given) {
    const wanted = Object.hasOwn(needs, name) ? needs[name] : undefined;
    if (wanted === undefined || wanted.some((it) => given.includes(it))) {
      continue;
    }
    throw new UsageError(
      `Cannot use --${name} without ${
        wanted.map((it) => `--${it}`).join(" or ")
      }`,
    );
  }
}
