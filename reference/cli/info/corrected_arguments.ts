import type { MachineDifference, QemuOption } from "../../machines/mod.ts";

/** How QEMU spells an option, and the key of the value that is meant by it. */
const SPELLINGS: Readonly<
  Record<QemuOption["name"], { readonly names: RegExp; readonly key: string }>
> = {
  machine: { names: /^--?(machine|M)$/, key: "type" },
  m: { names: /^--?m$/, key: "size" },
  smp: { names: /^--?smp$/, key: "cpus" },
  uuid: { names: /^--?uuid$/, key: "uuid" },
};

/**
 * QEMU's arguments with each option changed that ends a difference by itself;
 * the other properties of a changed option are kept.
 */
export function correctedArguments(
  args: readonly string[],
  differences: readonly MachineDifference[],
): string[] {
  return differences.reduce(
    (corrected, { option }) =>
      option === undefined ? corrected : withOption(corrected, option),
    [...args],
  );
}

function withOption(
  args: readonly string[],
  { name, value }: QemuOption,
): string[] {
  const { names, key } = SPELLINGS[name];
  // Of an option that is repeated, QEMU takes the last value.
  const at = args.findLastIndex((it, index) =>
    names.test(it) && index + 1 < args.length
  );
  if (at < 0) return [...args, `-${name}`, value];
  // A topology of another number of CPUs would contradict the new one.
  const changed = name === "smp"
    ? value
    : withLeading(args[at + 1], { key, value });
  return args.toSpliced(at + 1, 1, changed);
}

/** Replaces the value that may be given without its key, first in the list. */
function withLeading(
  text: string,
  { key, value }: { readonly key: string; readonly value: string },
): string {
  const parts = text.split(",");
  const keyed = parts.findIndex((it) => it.startsWith(`${key}=`));
  if (keyed >= 0) parts[keyed] = `${key}=${value}`;
  else if (parts[0].includes("=")) parts.unshift(value);
  else parts[0] = value;
  return parts.join(",");
}
