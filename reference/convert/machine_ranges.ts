/**
 * Where a machine type has its main memory, and the ROM of its firmware: the
 * rules of QEMU's machines.
 *
 * @module
 */

import { hex } from "../../format/rules/mod.ts";
import type { ReadOptions } from "../sources/mod.ts";
import { lowLengthInCmos } from "./cmos_memory.ts";
import { GuestMapError } from "./guest_map_error.ts";
import type { GuestRange } from "./guest_range.ts";
import { hasDeviceState } from "./has_device_state.ts";
import { type LowMemory, readLowMemory } from "./low_memory.ts";
import type { MemoryImage } from "./memory_image.ts";

const GIB = 2 ** 30;
/** Above this address QEMU leaves a hole for some processors. */
const HYPERTRANSPORT_START = 0xfd_0000_0000;

/** How a kind of machine splits its RAM at 4 GiB. */
interface SplitRule {
  /** The RAMBlock of its main memory. */
  readonly idstr: string;
  /** RAM of at least this many bytes is split; undefined: never. */
  readonly splitFrom?: number;
  /** Bytes of split RAM below 4 GiB. */
  readonly lowLength?: number;
  /** Whether it is a PC with ROMs below 1 MiB. */
  readonly kind: "plain" | "pc" | "microvm";
}

const I440FX: SplitRule = {
  idstr: "pc.ram",
  splitFrom: 3.5 * GIB,
  lowLength: 3 * GIB,
  kind: "pc",
};
const Q35: SplitRule = {
  idstr: "pc.ram",
  splitFrom: 2.75 * GIB,
  lowLength: 2 * GIB,
  kind: "pc",
};

/** The rules of machine types, checked against QEMU by a test. */
const RULES: readonly [RegExp, SplitRule][] = [
  [/^none$/, { idstr: "ram", kind: "plain" }],
  // From 2.1 on, all align the split to a GiB.
  [/^(pc|pc-i440fx-(2\.([1-9]|1\d)|[3-9]\.\d+|\d\d+\.\d+)(\.\d+)?)$/, I440FX],
  [/^(q35|pc-q35-(2\.([1-9]|1\d)|[3-9]\.\d+|\d\d+\.\d+)(\.\d+)?)$/, Q35],
  [/^pc-i440fx-rhel\d[\w.]*$/, I440FX],
  [/^pc-q35-rhel\d[\w.]*$/, Q35],
  [/^microvm$/, {
    idstr: "microvm.ram",
    splitFrom: 3 * GIB,
    lowLength: 3 * GIB,
    kind: "microvm",
  }],
];

/**
 * Returns the name of a machine type's main memory block; undefined if not
 * known.
 */
export function mainMemoryOf(machine: string): string | undefined {
  return ruleOf(machine)?.idstr;
}

/** Returns the kind of layout of a machine type; undefined if not known. */
export function layoutOf(machine: string): SplitRule["kind"] | undefined {
  return ruleOf(machine)?.kind;
}

/**
 * Returns where a machine type splits its RAM, and how much is then below 4
 * GiB.
 */
export function splitOf(
  machine: string,
): { readonly splitFrom: number; readonly lowLength: number } {
  const { splitFrom = Infinity, lowLength = Infinity } = ruleOf(machine) ?? {};
  return { splitFrom, lowLength };
}

function ruleOf(machine: string): SplitRule | undefined {
  return RULES.find(([pattern]) => pattern.test(machine))?.[1];
}

/**
 * Returns the ranges of a machine's firmware and of its main memory, given as
 * one block named `idstr` of this length.
 *
 * @throws {GuestMapError} if the rules of the machine are not known, or a PC's
 * state does not show how its RAM is split
 */
export async function machineRanges(
  image: MemoryImage,
  { machine, idstr, usedLength, assumesSplit = false }: {
    readonly machine: string;
    readonly idstr: string;
    readonly usedLength: number;
    /**
     * Whether to assume the usual split if the state of a PC does not show it.
     */
    readonly assumesSplit?: boolean;
  },
  options?: ReadOptions,
): Promise<GuestRange[]> {
  const rule = ruleOf(machine);
  if (rule === undefined) {
    throw new GuestMapError(image.name, {
      reason: `its machine is ${JSON.stringify(machine)}`,
    });
  }
  if (rule.kind === "plain") {
    return [{ address: 0, length: usedLength, idstr, offset: 0 }];
  }
  const { splitFrom, lowLength } = splitOf(machine);
  // The CMOS memory shows the split, even with max-ram-below-4g.
  const noted = await lowLengthInCmos(image, usedLength, options);
  const isUnknown = noted === undefined && rule.kind === "pc" &&
    !assumesSplit && await hasDeviceState(image, options);
  if (isUnknown) {
    throw new GuestMapError(image.name, {
      reason: "the state of its devices does not say how much of its " +
        `${usedLength} bytes of RAM is below 4 GiB`,
    });
  }
  const low = noted ?? (usedLength >= splitFrom ? lowLength : usedLength);
  if (4 * GIB + usedLength - low > HYPERTRANSPORT_START) {
    throw new GuestMapError(image.name, {
      reason: `${hex(usedLength)} bytes of RAM reach up to where a hole may be`,
    });
  }
  const lowMemory = await readLowMemory(image, rule.kind, options);
  const ranges = [
    ...firstMebibyte(image, idstr, Math.min(low, 0x100000), lowMemory),
    { address: 0x100000, length: low - 0x100000, idstr, offset: 0x100000 },
    ...firmwareBelow4GiB(image),
    { address: 4 * GIB, length: usedLength - low, idstr, offset: low },
  ];
  return joined(ranges.filter(({ length }) => length > 0));
}

/** Returns the memory below 1 MiB: RAM, or ROM where reads do not return RAM. */
function firstMebibyte(
  image: MemoryImage,
  idstr: string,
  length: number,
  { reads, hasVga }: LowMemory,
): GuestRange[] {
  const ranges: GuestRange[] = [
    { address: 0, length: Math.min(length, 0xa0000), idstr, offset: 0 },
  ];
  if (!hasVga) {
    ranges.push({ address: 0xa0000, length: 0x20000, idstr, offset: 0xa0000 });
  }
  for (const { address, length, from } of reads) {
    const rom = from === "rom" ? romAt(image, address, length) : undefined;
    // Where there is no ROM, the guest reads the RAM below.
    ranges.push(rom ?? { address, length, idstr, offset: address });
  }
  return ranges;
}

/** Returns the ROM visible there: pc.rom, or the end of the firmware. */
function romAt(
  image: MemoryImage,
  address: number,
  length: number,
): GuestRange | undefined {
  const idstr = address < 0xe0000 ? "pc.rom" : "pc.bios";
  const rom = image.blocks.find((block) => block.idstr === idstr);
  if (rom === undefined) return undefined;
  // The end of the firmware is at 1 MiB as well as at 4 GiB.
  const start = address < 0xe0000 ? 0xc0000 : 0x100000 - rom.usedLength;
  const offset = address - start;
  return offset >= 0 && offset + length <= rom.usedLength
    ? { address, length, idstr, offset }
    : undefined;
}

function firmwareBelow4GiB(image: MemoryImage): GuestRange[] {
  const bios = image.blocks.find(({ idstr }) => idstr === "pc.bios");
  if (bios === undefined) return [];
  const { idstr, usedLength: length } = bios;
  return [{ address: 4 * GIB - length, length, idstr, offset: 0 }];
}

/** Joins ranges that continue the previous one. */
function joined(ranges: readonly GuestRange[]): GuestRange[] {
  const result: GuestRange[] = [];
  for (const range of ranges) {
    const last = result.at(-1);
    if (
      last !== undefined && last.idstr === range.idstr &&
      last.address + last.length === range.address &&
      last.offset + last.length === range.offset
    ) {
      result[result.length - 1] = {
        ...last,
        length: last.length + range.length,
      };
    } else result.push(range);
  }
  return result;
}
