/**
 * Where the guest sees its memory: guest-physical ranges.
 *
 * @module
 */

import type { ReadOptions } from "../sources/mod.ts";
import { type BlockKind, blockKind } from "./block_kind.ts";
import { GuestMapError } from "./guest_map_error.ts";
import type { GuestRange } from "./guest_range.ts";
import { machineRanges, mainMemoryOf } from "./machine_ranges.ts";
import type { MemoryBlock, MemoryImage } from "./memory_image.ts";
import { videoMemory } from "./video_memory.ts";
import { virtioMemory } from "./virtio_memory.ts";

/** Options of finding the map. */
export interface GuestMapOptions extends ReadOptions {
  /** The machine type whose rules apply, if the file names another or none. */
  readonly machine?: string | undefined;
  /**
   * Name of the main memory block, if not the usual one; for several NUMA
   * nodes, that of each, in order.
   */
  readonly ram?: string | readonly string[] | undefined;
  /**
   * Known ranges of blocks. They are the only ranges of the blocks that they
   * name; the other blocks are where the machine type places them.
   */
  readonly ranges?: readonly GuestRange[] | undefined;
}

/** A RAMBlock without a guest-physical address, or with an unknown one. */
export interface UnplacedBlock {
  /** The RAMBlock. */
  readonly idstr: string;
  /** Where the part in question starts. Default: the whole block. */
  readonly offset?: number;
  /** Number of its bytes. */
  readonly length: number;
  /** Its kind, by name; a block that is neither ROM nor video memory is RAM. */
  readonly kind: BlockKind;
}

/** Where the guest sees its memory, and which blocks it does not see. */
export interface GuestMap {
  /** The ranges, by address. */
  readonly ranges: readonly GuestRange[];
  /** The blocks without a range. */
  readonly unplaced: readonly UnplacedBlock[];
}

/**
 * Returns the guest-physical ranges of an image. They are those of the machine
 * type, corrected by the device state where it shows how much RAM is below 4
 * GiB, what the guest sees below 1 MiB, or where video memory and the memory of
 * a virtio-mem device are. The addresses of pc-dimm and nvdimm devices are not
 * in a snapshot: their blocks are `unplaced`, like all unknown ones.
 *
 * @throws {GuestMapError} if the machine's layout is not known and no ranges
 * are given
 *
 * @example
 * ```ts
 * import { openFileSource, openSnapshot } from "../../mod.ts";
 * import { guestMap, imageOf } from "../doors/convert.ts";
 *
 * async function printMap(path: string): Promise<void> {
 *   using source = openFileSource(path);
 *   const image = imageOf(await openSnapshot(source));
 *   const { ranges, unplaced } = await guestMap(image);
 *   for (const { address, length, idstr } of ranges) {
 *     console.log(address.toString(16), length, idstr);
 *   }
 *   for (const { idstr, kind } of unplaced) console.log("nowhere", idstr, kind);
 * }
 * ```
 */
export async function guestMap(
  image: MemoryImage,
  options: GuestMapOptions = {},
): Promise<GuestMap> {
  const { ranges: given = [] } = options;
  const isGiven = (idstr: string) => given.some((it) => it.idstr === idstr);
  const derived = [
    ...await mainRanges(image, options),
    ...await videoMemory(image, options),
  ].filter(({ idstr }) => !isGiven(idstr));
  const places = [...given, ...derived];
  const isPlaced = (idstr: string) => places.some((it) => it.idstr === idstr);
  const candidates = image.blocks.filter(({ idstr }) =>
    !isPlaced(idstr) && blockKind(idstr) === "ram"
  );
  const hotplugged = await virtioMemory(image, candidates, options);
  const ranges = [...places, ...hotplugged.flatMap((it) => it.ranges)];
  const unplaced = image.blocks.filter((block) =>
    !isPlaced(block.idstr) && !hotplugged.some((it) => it.block === block)
  ).map(describeBlock);
  return {
    ranges: ranges.toSorted((a, b) => a.address - b.address),
    unplaced,
  };
}

/** Describes a RAMBlock of which no part is placed. */
export function describeBlock(
  { idstr, usedLength: length }: MemoryBlock,
): UnplacedBlock {
  return { idstr, length, kind: blockKind(idstr) };
}

/**
 * Returns the ranges of the machine type; none of an unknown one if only ranges
 * are given.
 */
async function mainRanges(
  image: MemoryImage,
  options: GuestMapOptions,
): Promise<GuestRange[]> {
  const { ranges, ram } = options;
  // Other options about the machine must have an effect.
  const needsMachine = ranges === undefined || ram !== undefined ||
    options.machine !== undefined;
  const machine = options.machine ?? image.machine;
  const usual = machine === undefined ? undefined : mainMemoryOf(machine);
  if (machine === undefined || usual === undefined) {
    if (!needsMachine) return [];
    throw new GuestMapError(image.name, {
      reason: machine === undefined
        ? "it names no machine"
        : `its machine is ${JSON.stringify(machine)}`,
    });
  }
  const names = ram === undefined ? [usual] : [ram].flat();
  const blocks = names.map((idstr) => findMain(image, idstr));
  if (!blocks.every((it) => it !== undefined)) {
    if (!needsMachine) return [];
    const missing = names.filter((_, index) => blocks[index] === undefined);
    const found = image.blocks.map((it) => JSON.stringify(it.idstr));
    throw new GuestMapError(image.name, {
      reason: `it has no RAMBlock ${JSON.stringify(missing[0])} among ` +
        found.join(", "),
    });
  }
  const usedLength = blocks.reduce((sum, it) => sum + it.usedLength, 0);
  const isGiven = names.every((it) =>
    ranges?.some(({ idstr }) => idstr === it)
  );
  const assumesSplit = options.machine !== undefined || isGiven;
  const main = { machine, idstr: MAIN, usedLength, assumesSplit };
  const found = await machineRanges(image, main, options);
  return found.flatMap((it) => it.idstr === MAIN ? spread(it, blocks) : [it]);
}

/** Name of the main memory before it is spread over its blocks. */
const MAIN = "";

function findMain(
  { blocks }: MemoryImage,
  idstr: string,
): MemoryBlock | undefined {
  return blocks.find((block) => block.idstr === idstr);
}

/** Splits a range of the main memory into ranges of its blocks. */
function spread(
  { address, length, offset }: GuestRange,
  blocks: readonly MemoryBlock[],
): GuestRange[] {
  const parts: GuestRange[] = [];
  let start = 0;
  for (const { idstr, usedLength } of blocks) {
    const from = Math.max(offset, start);
    const to = Math.min(offset + length, start + usedLength);
    if (from < to) {
      parts.push({
        address: address + from - offset,
        length: to - from,
        idstr,
        offset: from - start,
      });
    }
    start += usedLength;
  }
  return parts;
}
