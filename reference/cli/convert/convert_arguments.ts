import type { GuestRange } from "../../convert/mod.ts";
import { parseNumber } from "../input/number_argument.ts";
import { checkOutputPath } from "../output/output_file.ts";
import { UsageError } from "../program/usage_error.ts";
import { OUTPUTS, TO_FORMATS, type ToFormat } from "./formats.ts";

/** Endings of packed files, which are not written. */
const PACKED = /\.(gz|gzip|zst|zstd|xz|bz2|lzo|lz4|zip|7z|tgz|tar)$/i;
/** Endings of other formats of memory and disks. */
const OTHERS =
  /\.(vmdk|vdi|vhdx?|kdump|dmp|vmss|vmem|vmsn|sav|pdf|html?|json|xml)$/i;

/** Returns the format to write, from --to or the name of the file. */
export function toFormatOf(
  value: ToFormat | undefined,
  out: string,
  isFolder: boolean,
): ToFormat {
  checkOutputPath(out);
  if (value !== undefined) return value;
  if (isFolder) return "images";
  const ending = PACKED.exec(out) ?? OTHERS.exec(out);
  if (ending !== null) {
    throw new UsageError(
      `Cannot write ${JSON.stringify(out)}: no format is written as ` +
        `${ending[0]}${
          PACKED.test(out) ? ", and output is not packed" : ""
        }; expected another name, or --to FORMAT`,
    );
  }
  const last = /\.([^.]*)$/.exec(out)?.[1].toLowerCase();
  return TO_FORMATS.find((it) =>
    OUTPUTS[it].endings.some((ending) => ending === last)
  ) ?? "mapped-ram";
}

/** Parses guest-physical ranges, each `ADDRESS=IDSTR[@OFFSET]+LENGTH`. */
export function parseRanges(
  texts: readonly string[] | undefined,
): GuestRange[] | undefined {
  return texts?.map((text) => {
    const [, address, idstr, offset, length] =
      /^([^=]+)=([^]+?)(?:@([^@+]+))?\+([^@+]+)$/.exec(text) ?? [];
    if (address === undefined) {
      throw new UsageError(
        `Cannot use ${JSON.stringify(text)} as --range: expected ` +
          "ADDRESS=IDSTR+LENGTH or ADDRESS=IDSTR@OFFSET+LENGTH",
      );
    }
    return {
      address: parseNumber("--range", address),
      idstr,
      offset: parseNumber("--range", offset ?? "0"),
      length: parseNumber("--range", length),
    };
  });
}
