import { findBlock } from "../reading/mod.ts";
import type { Progress } from "../work/mod.ts";
import { subtractRanges } from "./address_ranges.ts";
import { blockKind } from "./block_kind.ts";
import {
  describeBlock,
  guestMap,
  type GuestMapOptions,
  type UnplacedBlock,
} from "./guest_map.ts";
import { GuestMapError } from "./guest_map_error.ts";
import type { GuestRange } from "./guest_range.ts";
import type { MemoryBlock, MemoryImage } from "./memory_image.ts";

/** Options of writing a file of guest-physical ranges. */
export interface RangesOptions extends GuestMapOptions {
  /**
   * RAMBlocks to leave out. RAM whose address is not known is refused unless it
   * is one of them. Default: none.
   */
  readonly leaveOut?: readonly string[] | undefined;
  /** Called from time to time with the progress. */
  readonly onProgress?: ((progress: Progress) => void) | undefined;
}

/** A range with its block. */
export interface BlockRange extends GuestRange {
  readonly block: MemoryBlock;
}

/** The contents of a file of ranges, and what is left out of it. */
export interface CheckedRanges {
  /** By address; they do not overlap. */
  readonly parts: readonly BlockRange[];
  /**
   * Blocks of which no part is in the file, and parts of RAM that the guest
   * does not see.
   */
  readonly leftOut: readonly UnplacedBlock[];
}

/**
 * Returns the ranges of an image by address, checked.
 *
 * @throws {GuestMapError} if RAM has no known address
 * @throws {UnsupportedError} if the file does not hold the RAM of a range
 */
export async function rangesOf(
  image: MemoryImage,
  options: RangesOptions,
): Promise<CheckedRanges> {
  const { leaveOut = [] } = options;
  for (const idstr of leaveOut) find(image, idstr);
  const isWanted = ({ idstr }: { readonly idstr: string }) =>
    !leaveOut.includes(idstr);
  const { ranges, unplaced } = await guestMap(image, options);
  refuseUnplacedRam(image, unplaced.filter(isWanted));
  const parts = ranges.filter(isWanted)
    .map((range) => ({ ...range, block: find(image, range.idstr) }));
  for (const [index, { address, length, offset, block }] of parts.entries()) {
    // RAM that is not in the file is refused, never taken for zeros.
    if (block.ignored) await block.readInto(new Uint8Array(0), 0);
    const next = parts[index + 1]?.address ?? Infinity;
    const inside = offset >= 0 && length > 0 &&
      offset + length <= block.usedLength;
    if (inside && address >= 0 && address + length <= next) continue;
    throw new RangeError(
      `Cannot use ${length} bytes of RAMBlock "${block.idstr}" from ${offset} ` +
        `on at address ${address}: expected a range inside its ` +
        `${block.usedLength} bytes, and none that overlap`,
    );
  }
  const dropped = image.blocks.filter(({ idstr }) =>
    leaveOut.includes(idstr) || unplaced.some((it) => it.idstr === idstr)
  );
  const leftOut = [...dropped.map(describeBlock), ...hiddenParts(image, parts)];
  return { parts, leftOut };
}

/**
 * Returns the RAM of a snapshot that is in no range, of blocks that have
 * ranges.
 */
function hiddenParts(
  { blocks, devices }: MemoryImage,
  parts: readonly BlockRange[],
): UnplacedBlock[] {
  // Ranges read from a file of ranges are complete.
  if (devices === undefined) return [];
  return blocks.flatMap((block) => {
    const { idstr, usedLength: length } = block;
    const kind = blockKind(idstr);
    const seen = parts.filter((it) => it.block === block)
      .map(({ offset: address, length }) => ({ address, length }));
    if (kind !== "ram" || seen.length === 0) return [];
    return subtractRanges([{ address: 0, length }], seen)
      .map(({ address: offset, length }) => ({ idstr, offset, length, kind }));
  });
}

function refuseUnplacedRam(
  image: MemoryImage,
  unplaced: readonly UnplacedBlock[],
): void {
  const ram = unplaced.filter(({ kind }) => kind === "ram");
  if (ram.length === 0) return;
  const named = ram.map(({ idstr, length }) =>
    `${JSON.stringify(idstr)} of ${length} bytes`
  );
  throw new GuestMapError(image.name, {
    reason: `nothing in it shows where the guest sees RAMBlock ${
      named.join(", ")
    }`,
    idstrs: ram.map(({ idstr }) => idstr),
  });
}

function find({ blocks, name }: MemoryImage, idstr: string): MemoryBlock {
  return findBlock(blocks, { idstr, name });
}
