import { alignUp } from "../../format/bitmap/mod.ts";
import { rangeEnd } from "../../format/bytes/mod.ts";
import { hex } from "../../format/rules/mod.ts";
import type { RAMBlockInput } from "../saving/mod.ts";
import { SourceError } from "../sources/mod.ts";
import { type AddressRange, subtractRanges } from "./address_ranges.ts";
import type { AddressSpace } from "./address_space.ts";
import { architectureNamed } from "./architecture.ts";
import { architectureOfMachine } from "./guest_architecture.ts";
import type { GuestRange } from "./guest_range.ts";
import { layoutOf, mainMemoryOf } from "./machine_ranges.ts";
import { ramRanges } from "./ram_ranges.ts";

/** Options of building RAMBlocks from guest-physical memory. */
export interface GuestBlocksOptions {
  /** QEMU's name of the machine type. Default: `"none"`. */
  readonly machine?: string | undefined;
  /** Bytes of RAM. Default: derived from the memory. */
  readonly ramLength?: number | undefined;
  /** Name of the main memory block, if not the usual one. */
  readonly ram?: string | undefined;
  /**
   * The blocks and the ranges of their memory, instead of `ramLength` and
   * `ram`.
   */
  readonly ranges?: readonly GuestRange[] | undefined;
  /**
   * Bytes of a page; the size of each block is a multiple of it. Default: 4096.
   */
  readonly pageSize?: number | undefined;
}

/** RAMBlocks of guest-physical memory, and memory that is in none of them. */
export interface GuestBlocks {
  /** The blocks, largest first. */
  readonly blocks: readonly RAMBlockInput[];
  /** Memory of devices, or outside the given ranges: it is lost. */
  readonly leftOut: readonly AddressRange[];
  /** RAM of the machine that is not in the file: it is zero. */
  readonly missing: readonly AddressRange[];
}

const PAGE = 0x1000;
/** Maximum bytes of a RAMBlock: one bit per page is kept in memory. */
const RAM_MAX = 2 ** 44;
const MIB = 2 ** 20;
const GIB4 = 2 ** 32;
const SHADOW_START = 0xc0000;
const VIDEO_START = 0xa0000;
/** The PCI devices of a PC have their memory at or above this address. */
const DEVICES_START = 0xc0000000;

/**
 * Builds the RAMBlocks of a machine from guest-physical ranges: its main
 * memory, without the hole below 4 GiB if the machine has one; or the blocks
 * whose ranges are given.
 *
 * @throws {GuestMapError} if the layout of the machine is not known
 * @throws {SourceError} if there is memory where the machine has none, or the
 * memory is of another architecture
 */
export async function guestBlocks(
  memory: AddressSpace,
  options: GuestBlocksOptions = {},
): Promise<GuestBlocks> {
  const { machine = "none", ranges } = options;
  checkArchitecture(memory, machine);
  return ranges === undefined
    ? await mainBlock(memory, { ...options, machine })
    : toldBlocks(memory, ranges, options.pageSize);
}

function checkArchitecture(
  { architecture, name }: AddressSpace,
  machine: string,
): void {
  const wanted = architectureOfMachine(machine);
  if (wanted === undefined || architecture === undefined) return;
  const names = wanted === "x86_64" ? ["x86_64", "i386"] : [wanted];
  const isSame = names.map(architectureNamed)
    .some((it) =>
      it.machine === architecture.machine &&
      it.byteOrder === architecture.byteOrder
    );
  if (isSame) return;
  throw new SourceError(
    name,
    `Cannot take ${JSON.stringify(name)} as the memory of ${machine}: it is ` +
      `of ${architecture.name} (ELF machine ${architecture.machine}), ` +
      `expected ${names.join(" or ")}`,
  );
}

async function mainBlock(
  memory: AddressSpace,
  options: GuestBlocksOptions & { readonly machine: string },
): Promise<GuestBlocks> {
  const { machine } = options;
  const idstr = options.ram ?? mainMemoryOf(machine) ?? "ram";
  const { usedLength, map } = await ramRanges(memory, {
    machine,
    idstr,
    ramLength: options.ramLength,
    pageSize: options.pageSize ?? PAGE,
  });
  const places = [...map, ...shadowRanges(memory, map, idstr)];
  const block = blockOf(memory, places, usedLength);
  const outside = subtractRanges(memory.ranges, places);
  const lost = outside.filter((it) => !isOfDevices(it, machine, map));
  if (lost.length > 0) throw outsideError(memory, machine, usedLength, lost);
  const { dataRanges } = block;
  return {
    blocks: [{ idstr, source: block, usedLength, dataRanges }],
    leftOut: outside,
    // The guest sees ROM and video memory there, not RAM.
    missing: subtractRanges(map, [...memory.ranges, {
      address: VIDEO_START,
      length: MIB - VIDEO_START,
    }]),
  };
}

/** Whether memory can only be ROM or device memory on that machine. */
function isOfDevices(
  { address, length }: AddressRange,
  machine: string,
  map: readonly AddressRange[],
): boolean {
  if (layoutOf(machine) === "plain") return false;
  const end = address + length;
  if (address >= VIDEO_START && end <= MIB) return true;
  const low = map.filter((it) => it.address < GIB4)
    .reduce((highest, it) => Math.max(highest, it.address + it.length), 0);
  return address >= Math.max(low, DEVICES_START) && end <= GIB4;
}

function outsideError(
  { name }: AddressSpace,
  machine: string,
  usedLength: number,
  lost: readonly AddressRange[],
): SourceError {
  const [first] = lost;
  const others = lost.length === 1 ? "" : ` and ${lost.length - 1} more`;
  return new SourceError(
    name,
    `Cannot take ${JSON.stringify(name)} as the memory of ${machine} with ` +
      `${usedLength} bytes of RAM: it has memory from ${hex(first.address)} ` +
      `to ${hex(first.address + first.length - 1)}${others}, where that ` +
      "machine has none; expected the machine type and the size that it was " +
      "saved with, or the ranges of its RAMBlocks",
  );
}

/**
 * Returns where firmware was copied to; it is RAM if it forms one range with the
 * memory after it.
 */
function shadowRanges(
  memory: AddressSpace,
  map: readonly GuestRange[],
  idstr: string,
): GuestRange[] {
  const isRam = memory.ranges.some(({ address, length }) =>
    address <= SHADOW_START && address + length > MIB
  );
  const isKnown = map.some(({ address, length }) =>
    address <= SHADOW_START && address + length > SHADOW_START
  );
  if (isKnown || !isRam) return [];
  const length = MIB - SHADOW_START;
  return [{ address: SHADOW_START, length, idstr, offset: SHADOW_START }];
}

function toldBlocks(
  memory: AddressSpace,
  ranges: readonly GuestRange[],
  pageSize = PAGE,
): GuestBlocks {
  const idstrs = [...new Set(ranges.map(({ idstr }) => idstr))];
  const blocks = idstrs.map((idstr) => {
    const parts = ranges.filter((it) => it.idstr === idstr);
    checkParts(parts);
    const usedLength = alignUp(
      parts.reduce((end, it) => Math.max(end, rangeEnd(it)), 0),
      pageSize,
    );
    const source = blockOf(memory, parts, usedLength);
    return { idstr, source, usedLength, dataRanges: source.dataRanges };
  });
  return {
    blocks: blocks.toSorted((a, b) => b.usedLength - a.usedLength),
    leftOut: subtractRanges(memory.ranges, ranges),
    missing: subtractRanges(ranges, memory.ranges),
  };
}

/** Refuses parts of a block that overlap in it. */
function checkParts(parts: readonly GuestRange[]): void {
  const sorted = parts.toSorted((a, b) => a.offset - b.offset);
  for (const [index, { offset, length, idstr }] of sorted.entries()) {
    const next = sorted[index + 1]?.offset ?? Infinity;
    if (length > 0 && offset + length <= next) continue;
    throw new RangeError(
      `Cannot use ${length} bytes from ${offset} on of RAMBlock ` +
        `${JSON.stringify(idstr)}: expected ranges that do not overlap`,
    );
  }
}

function blockOf(
  memory: AddressSpace,
  places: readonly GuestRange[],
  usedLength: number,
): AddressSpace {
  if (usedLength > RAM_MAX) {
    throw new SourceError(
      memory.name,
      `Cannot make a RAMBlock of ${
        JSON.stringify(memory.name)
      }: it has memory ` +
        `up to ${hex(usedLength)}, expected at most ${hex(RAM_MAX)} bytes of ` +
        "RAM, or the ranges of its RAMBlocks",
    );
  }
  const parts = places.map(({ address, length, offset }) => ({
    address: offset,
    length,
    position: address,
  }));
  return memory.moved(parts, usedLength);
}
