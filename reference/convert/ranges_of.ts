import { type Progress, ProgressReport } from "../progress.ts";
import {
  guestMap,
  type GuestMapOptions,
  type GuestRange,
} from "./guest_map.ts";
import type { MemoryBlock, MemoryImage } from "./memory_image.ts";

/** How to write a file of guest-physical ranges. */
export interface RangesOptions extends GuestMapOptions {
  /** The ranges, instead of those of the machine type. */
  readonly ranges?: readonly GuestRange[] | undefined;
  /** Is told now and then how far the work has come. */
  readonly onProgress?: ((progress: Progress) => void) | undefined;
}

/** A range with the block that it is of. */
export interface BlockRange extends GuestRange {
  readonly block: MemoryBlock;
}

/** The ranges of an image by address, checked. */
export async function rangesOf(
  image: MemoryImage,
  options: RangesOptions,
): Promise<BlockRange[]> {
  const ranges = options.ranges ?? await guestMap(image, options);
  const parts = ranges.map((range) => ({ ...range, block: find(image, range) }))
    .toSorted((a, b) => a.address - b.address);
  for (const [index, { address, length, offset, block }] of parts.entries()) {
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
  return parts;
}

function find(image: MemoryImage, { idstr }: GuestRange): MemoryBlock {
  const block = image.blocks.find((it) => it.idstr === idstr);
  if (block !== undefined) return block;
  throw new RangeError(
    `Cannot find RAMBlock ${JSON.stringify(idstr)} in ` +
      JSON.stringify(image.name),
  );
}

/** Tells how far copying the ranges is, called with what is done since. */
export function rangesProgress(
  parts: readonly BlockRange[],
  { onProgress }: RangesOptions,
): (byteLength: number) => void {
  const total = parts.reduce((sum, { length }) => sum + length, 0);
  const report = new ProgressReport(total, onProgress);
  return (byteLength) => {
    report.done += byteLength;
    report.tell();
  };
}
