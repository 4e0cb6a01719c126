import { hex } from "../../../format/rules/mod.ts";
import type { AddressRange, UnplacedBlock } from "../../convert/mod.ts";
import { joinWords } from "../input/split_words.ts";
import { formatBytes } from "../output/format_bytes.ts";

/** Assumptions of a conversion, and what it left out. */
export interface ConvertRemarks {
  /** RAMBlocks that were not written. */
  readonly leftOutBlocks?: readonly UnplacedBlock[] | undefined;
  /** Memory of the input that belongs to no RAMBlock. */
  readonly leftOut?: readonly AddressRange[] | undefined;
  /** RAM that is missing in the input: it is zero. */
  readonly missing?: readonly AddressRange[] | undefined;
  /** Segments of the input without a physical address. */
  readonly withoutAddress?: number | undefined;
  /** Whether notes of the input, such as registers, were left out. */
  readonly withoutNotes?: boolean | undefined;
  /** Architecture of a guest whose registers could not be written. */
  readonly withoutRegisters?: string | undefined;
  /** A folder, not that of the image, in which a backing file of it is. */
  readonly backingElsewhere?: string | undefined;
  /** Values that were assumed for missing options. */
  readonly assumed?: {
    readonly machine?: string | undefined;
    readonly ram?: string | undefined;
    readonly memory?: number | undefined;
  } | undefined;
}

/** Maximum ranges that are listed in a line. */
const LISTED_MAX = 4;

/** Returns the remarks as lines of text. */
export function convertNotes(remarks: ConvertRemarks): string[] {
  const { leftOutBlocks = [], leftOut = [], missing = [] } = remarks;
  const { withoutAddress = 0, withoutRegisters, assumed = {} } = remarks;
  const notes: string[] = [];
  if (assumed.machine !== undefined) {
    notes.push(
      `assumed the machine type "${assumed.machine}" (--machine): it has no ` +
        "devices, and loads only in a QEMU of that type",
    );
  }
  if (assumed.memory !== undefined) {
    notes.push(
      `assumed ${formatBytes(assumed.memory)} of RAM (--memory)` +
        (assumed.ram === undefined
          ? ""
          : ` in RAMBlock "${assumed.ram}" (--block)`),
    );
  }
  if (leftOutBlocks.length > 0) {
    const named = leftOutBlocks.map(({ idstr, offset, length }) =>
      `${idstr}${offset === undefined ? "" : ` from ${hex(offset)} on`} (${
        formatBytes(length)
      })`
    );
    notes.push(`left out: ${named.join(", ")}`);
  }
  if (leftOut.length > 0) {
    notes.push(`left out, because no RAMBlock contains it: ${listed(leftOut)}`);
  }
  if (missing.length > 0) {
    notes.push(`not in the file, and zero: ${listed(missing)}`);
  }
  if (withoutAddress > 0) {
    notes.push(
      `skipped ${withoutAddress} segments without a physical address`,
    );
  }
  if (remarks.withoutNotes) {
    notes.push("the notes of the core, such as registers, are left out");
  }
  if (withoutRegisters !== undefined) {
    notes.push(`the registers of ${withoutRegisters} processors are left out`);
  }
  if (remarks.backingElsewhere !== undefined) {
    const place = joinWords([remarks.backingElsewhere]);
    notes.push(
      "the image has a backing file in another folder, and is read with " +
        `--allow-backing ${place}`,
    );
  }
  return notes;
}

function listed(ranges: readonly AddressRange[]): string {
  const some = ranges.slice(0, LISTED_MAX).map(({ address, length }) =>
    `${hex(address)} to ${hex(address + length - 1)} (${formatBytes(length)})`
  );
  const others = ranges.length - some.length;
  return some.join(", ") + (others > 0 ? `, and ${others} more` : "");
}
