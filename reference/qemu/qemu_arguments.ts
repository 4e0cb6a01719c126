/** An option of QEMU's with its value, as in `-object memory-backend-file,…`. */
export interface QemuOption {
  /** Its name without dashes: `object`. */
  readonly name: string;
  /** Its value as it stands. */
  readonly value: string;
  /** Where the value stands among the arguments. */
  readonly index: number;
}

/** The options of these names, with their values, in order. */
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

/** Whether an option of that name is there, with or without a value. */
export function hasOption(args: readonly string[], name: string): boolean {
  return args.some((it) => optionName(it) === name);
}

/**
 * Reads `a=b,c=d` and QEMU's JSON form of the same. The first part may be a value
 * alone, that of `firstKey`. A comma in a value stands twice.
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

/** Writes what {@linkcode parseOptionValue} reads; `first` stands without key. */
export function formatOptionValue(
  first: string,
  properties: Iterable<readonly [string, string]>,
): string {
  const parts = [...properties].map(([key, value]) => {
    return `${key}=${quoteOptionValue(value)}`;
  });
  return [quoteOptionValue(first), ...parts].join(",");
}

/** A value as it may stand among others: each comma twice. */
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
    return new Map(); // QEMU says better what is wrong with it.
  }
  const entries = Object.entries(value as Record<string, unknown>);
  return new Map(entries.map(([key, value]) => {
    const isSwitch = typeof value === "boolean";
    return [key, isSwitch ? (value ? "on" : "off") : String(value)];
  }));
}
