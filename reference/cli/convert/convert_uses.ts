import { joinWords } from "../input/split_words.ts";
import { listed } from "../program/did_you_mean.ts";
import { checkUses, optionUses } from "../program/option_ways.ts";
import { programWords } from "../program/program_name.ts";
import { UsageError } from "../program/usage_error.ts";
import type { Conversion } from "./conversion.ts";
import type { ConvertInput } from "./convert_input.ts";
import { ALWAYS, type ConvertOption } from "./conversion_options.ts";
import { CONVERT_OPTIONS } from "./convert_options.ts";
import { INPUTS, type ToFormat } from "./formats.ts";

/**
 * The options that each conversion takes, named as `from elf to mapped-ram`.
 */
export const CONVERT_USES = optionUses(CONVERT_OPTIONS, {
  ways: Object.fromEntries(
    Object.entries(INPUTS).flatMap(([from, { reading, to }]) =>
      Object.entries(to).map(([name, { takes }]) => [
        `from ${from} to ${name}`,
        [...ALWAYS, ...sealing(name), ...reading, ...takes],
      ])
    ),
  ),
});

/** Options that only a qcow2 image has a use for. */
const PACKING_ONLY = [
  "backing",
  "exact",
  "zlib",
  "level",
  "cluster-size",
] as const satisfies readonly ConvertOption[];

/** Several images have no digest. */
function sealing(to: string): readonly ConvertOption[] {
  return to === "images" ? [] : ["seal"];
}

/**
 * Returns the conversion from one format to another.
 *
 * @throws {UsageError} if there is no such conversion, or if it does not accept
 * one of the options given
 */
export function findConversion(
  { source, format: from }: ConvertInput,
  { to, values }: {
    readonly to: ToFormat;
    readonly values: Readonly<Record<string, unknown>>;
  },
): Conversion {
  const conversion = INPUTS[from].to[to];
  if (conversion === undefined) {
    const expected = listed(Object.keys(INPUTS[from].to));
    throw new UsageError(
      `Cannot convert ${from} to ${to}: expected ${expected}; convert it to ` +
        "mapped-ram first: " +
        joinWords([...programWords(), "convert", source.name, "OUT.mr"]),
    );
  }
  const packing = PACKING_ONLY.find((it) => Object.hasOwn(values, it));
  if (packing !== undefined && to !== "qcow2") {
    throw new UsageError(
      `Cannot use --${packing} from ${from} to ${to}: it is for qcow2; name ` +
        "OUT with .qcow2 at its end, or add --to qcow2",
    );
  }
  checkUses(CONVERT_USES, `from ${from} to ${to}`, values);
  const ram = ["memory", "block"].find((it) => Object.hasOwn(values, it));
  if (values.range !== undefined && ram !== undefined && to === "mapped-ram") {
    throw new UsageError(`Cannot use --${ram} with --range, which implies it`);
  }
  return conversion;
}
