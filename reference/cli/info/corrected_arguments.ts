import type { MachineDifference, QemuOption } from "../../machines/mod.ts";

/** The spellings of each option of QEMU, and the key of its implicit value. */
const SPELLINGS: Readonly<
  Record<QemuOption["name"], { readonly names: RegExp; readonly key: string }>
> = {
  machine: { names: /^--?(machine|M)$/, key: "type" },
  m: { names: /^--?m$/, key: "size" },
  smp: { names: /^--?smp$/, key: "cpus" },
  uuid: { names: /^--?uuid$/, key: "uuid" },
};

/**
 * Returns QEMU's arguments with each option corrected that alone removes a
 * difference. The other properties of a corrected option are kept.
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
  // QEMU uses the last value of a repeated option.
  const at = args.findLastIndex((it, index) =>
    names.test(it) && index + 1 < args.length
  );
  if (at < 0) return [...args, `-${name}`, value];
  // A topology for another number of CPUs would contradict the new one.
  const changed = name === "smp"
    ? value
    : withLeading(args[at + 1], { key, value });
  return args.toSpliced(at + 1, 1, changed);
}

/** Replaces the value that may be first in the list without its key. */
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
