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

/** How to find the map. */
export interface GuestMapOptions extends ReadOptions {
  /** The machine type whose rules hold, where the file names another or none. */
  readonly machine?: string | undefined;
  /**
   * The block of the main memory, where it has another name than usual; of
   * several NUMA nodes, that of each, in their order.
   */
  readonly ram?: string | readonly string[] | undefined;
  /**
   * Where blocks are of which the caller knows it. The blocks that they name are
   * there and nowhere else; the others are where the machine has them.
   */
  readonly ranges?: readonly GuestRange[] | undefined;
}

/** A RAMBlock that is at no guest-physical address, or at one not known. */
export interface UnplacedBlock {
  /** The RAMBlock. */
  readonly idstr: string;
  /** Where the part of it starts that is meant. Default: it is meant as a whole. */
  readonly offset?: number;
  /** Bytes of it. */
  readonly length: number;
  /** What it is, by its name; what is neither ROM nor video memory is RAM. */
  readonly kind: BlockKind;
}

/** Where the guest sees its memory, and what of it is nowhere. */
export interface GuestMap {
  /** The ranges, by address. */
  readonly ranges: readonly GuestRange[];
  /** The blocks that have none. */
  readonly unplaced: readonly UnplacedBlock[];
}

/**
 * The guest-physical ranges of an image. They are those of the machine type;
 * where the state of its devices says how much RAM lies below 4 GiB, what the
 * guest sees below 1 MiB, or where it sees video memory and the memory of a
 * virtio-mem device, that counts. The addresses of pc-dimm and nvdimm devices are
 * not in a snapshot: their blocks are `unplaced`, as is all that is not known.
 *
 * @throws {GuestMapError} if the layout of the machine is not known and no ranges
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
  const { ranges: told = [] } = options;
  const isTold = (idstr: string) => told.some((it) => it.idstr === idstr);
  const known = [
    ...await mainRanges(image, options),
    ...await videoMemory(image, options),
  ].filter(({ idstr }) => !isTold(idstr));
  const places = [...told, ...known];
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

/** A RAMBlock as one of which nothing is anywhere. */
export function describeBlock(
  { idstr, usedLength: length }: MemoryBlock,
): UnplacedBlock {
  return { idstr, length, kind: blockKind(idstr) };
}

/** The ranges of the machine type; none of an unknown one if ranges are all that is told. */
async function mainRanges(
  image: MemoryImage,
  options: GuestMapOptions,
): Promise<GuestRange[]> {
  const { ranges, ram } = options;
  // What else is told of the machine has to be of use.
  const needsMachine = ranges === undefined || ram !== undefined ||
    options.machine !== undefined;
  const machine = options.machine ?? image.machine;
  const usual = machine === undefined ? undefined : mainMemoryOf(machine);
  if (machine === undefined || usual === undefined) {
    if (!needsMachine) return [];
    throw new GuestMapError(
      image.name,
      machine === undefined
        ? "it names no machine"
        : `its machine is ${JSON.stringify(machine)}`,
    );
  }
  const names = ram === undefined ? [usual] : [ram].flat();
  const blocks = names.map((idstr) => findMain(image, idstr));
  if (!blocks.every((it) => it !== undefined)) {
    if (!needsMachine) return [];
    const missing = names.filter((_, index) => blocks[index] === undefined);
    const found = image.blocks.map((it) => JSON.stringify(it.idstr));
    throw new GuestMapError(
      image.name,
      `it has no RAMBlock ${JSON.stringify(missing[0])} among ` +
        found.join(", "),
    );
  }
  const usedLength = blocks.reduce((sum, it) => sum + it.usedLength, 0);
  const isTold = names.every((it) => ranges?.some(({ idstr }) => idstr === it));
  const assumesSplit = options.machine !== undefined || isTold;
  const whole = { machine, idstr: MAIN, usedLength, assumesSplit };
  const found = await machineRanges(image, whole, options);
  return found.flatMap((it) => it.idstr === MAIN ? spread(it, blocks) : [it]);
}

/** What the main memory is called before it is spread over its blocks. */
const MAIN = "";

function findMain(
  { blocks }: MemoryImage,
  idstr: string,
): MemoryBlock | undefined {
  return blocks.find((block) => block.idstr === idstr);
}

/** A range of the main memory as ranges of the blocks that are it. */
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
