/** An option of QEMU with its value, as in `-object memory-backend-file,…`. */
export interface QemuOption {
  /** Name without dashes: `object`. */
  readonly name: string;
  /** Value, unparsed. */
  readonly value: string;
  /** Index of the value among the arguments. */
  readonly index: number;
}

/** Returns the options with these names, with their values, in order. */
export function findOptions(
  args: readonly string[],
  names: readonly string[],
): QemuOption[] {
  const found: QemuOption[] = [];
  for (let index = 1; index < args.length; index++) {
    const name = optionName(args[index - 1]);
    const value = args[index];
    if (name === undefined || value === undefined) continue;
    if (!names.includes(name)) continue;
    found.push({ name, value, index });
    index++;
  }
  return found;
}

/** Whether an option with that name is present, with or without a value. */
export function hasOption(args: readonly string[], name: string): boolean {
  return args.some((it) => optionName(it) === name);
}

/**
 * Parses `a=b,c=d`, or QEMU's JSON form of the same. The first part may be a
 * value without key, that of `firstKey`. A comma inside a value is doubled.
 */
export function parseOptionValue(
  text: string,
  firstKey: string,
): Map<string, string> {
  if (text.startsWith("{")) return parseJson(text);
  const properties = new Map<string, string>();
  const parts = text.match(/(?:[^,]|,,)+/g) ?? [];
  for (const [index, part] of parts.entries()) {
    const equals = part.indexOf("=");
    const unquoted = part.slice(equals + 1).replaceAll(",,", ",");
    if (equals >= 0) properties.set(part.slice(0, equals), unquoted);
    else if (index === 0) properties.set(firstKey, unquoted);
    else properties.set(part, "on");
  }
  return properties;
}

/** Formats what {@linkcode parseOptionValue} parses; `first` has no key. */
export function formatOptionValue(
  first: string,
  properties: Iterable<readonly [string, string]>,
): string {
  const parts = [...properties].map(([key, value]) => {
    return `${key}=${quoteOptionValue(value)}`;
  });
  return [quoteOptionValue(first), ...parts].join(",");
}

/** Quotes a value for a list of values: doubles each comma. */
export function quoteOptionValue(value: string): string {
  return value.replaceAll(",", ",,");
}

function optionName(arg: string | undefined): string | undefined {
  return arg === undefined ? undefined : /^--?([a-zA-Z].*)$/.exec(arg)?.[1];
}

function parseJson(text: string): Map<string, string> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return new Map(); // QEMU has the better error message.
  }
  const entries = Object.entries(value as Record<string, unknown>);
  return new Map(entries.map(([key, value]) => {
    const isSwitch = typeof value === "boolean";
    return [key, isSwitch ? (value ? "on" : "off") : String(value)];
  }));
}
