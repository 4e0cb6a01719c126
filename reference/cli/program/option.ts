/** An option of a command, as `parseArgs` of `node:util` takes it, with its help. */
export interface Option {
  readonly type: "boolean" | "string";
  /** Whether it may be repeated. */
  readonly multiple?: boolean;
  /** What it does: a phrase of the help text. */
  readonly text: string;
  /** The name of its value: `SIZE`. Default: all values, as in `map|postcopy`. */
  readonly value?: string;
  /** The only values it takes. */
  readonly values?: readonly string[];
  /** Values to complete, if it takes others, too, or refuses them with a reason. */
  readonly suggests?: readonly string[];
  /** The heading under which the help lists it, with its neighbours. */
  readonly group?: string;
}

/** The options of a command, by name, in the order of the help. */
export type Options = Readonly<Record<string, Option>>;

/** Returns an option with its value: `--jobs N`. */
export function optionWords(name: string, { value, values }: Option): string {
  const shown = value ?? values?.join("|");
  return shown === undefined ? `--${name}` : `--${name} ${shown}`;
}
