import { hex } from "../../../format/rules/mod.ts";
import type { AddressRange, UnplacedBlock } from "../../convert/mod.ts";
import { formatBytes } from "../output/format_bytes.ts";

/** What a conversion took for granted, and what it did not take along. */
export interface ConvertRemarks {
  /** RAMBlocks of which nothing was written. */
  readonly leftOutBlocks?: readonly UnplacedBlock[] | undefined;
  /** Memory of the input that is in no RAMBlock. */
  readonly leftOut?: readonly AddressRange[] | undefined;
  /** RAM that the input does not have: it is zero. */
  readonly missing?: readonly AddressRange[] | undefined;
  /** Segments of the input without a physical address. */
  readonly withoutAddress?: number | undefined;
  /** Whether notes of the input, such as registers, were not taken along. */
  readonly withoutNotes?: boolean | undefined;
  /** Architecture of a guest whose registers could not be written. */
  readonly withoutRegisters?: string | undefined;
  /** What was not told, and which value it was given. */
  readonly assumed?: {
    readonly machine?: string | undefined;
    readonly ram?: string | undefined;
    readonly memory?: number | undefined;
  } | undefined;
}

/** Most ranges that are listed in a line. */
const LISTED_MAX = 4;

/** The lines that say it. */
export function convertNotes(remarks: ConvertRemarks): string[] {
  const { leftOutBlocks = [], leftOut = [], missing = [] } = remarks;
  const { withoutAddress = 0, withoutRegisters, assumed = {} } = remarks;
  const notes: string[] = [];
  if (assumed.machine !== undefined) {
    notes.push(
      `assumed the machine type "${assumed.machine}" (--machine): it has no ` +
        "devices, and loads in a QEMU of that type alone",
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
    notes.push(`left out, as it is in no RAMBlock: ${listed(leftOut)}`);
  }
  if (missing.length > 0) {
    notes.push(`not in the file, and zero: ${listed(missing)}`);
  }
  if (withoutAddress > 0) {
    notes.push(
      `passed over ${withoutAddress} segments without a physical address`,
    );
  }
  if (remarks.withoutNotes) {
    notes.push("the notes of the core, such as registers, are left out");
  }
  if (withoutRegisters !== undefined) {
    notes.push(`the registers of ${withoutRegisters} processors are left out`);
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
