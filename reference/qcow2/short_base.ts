import type { ByteRange } from "../../format/bytes/mod.ts";
import type { ByteSource, ReadOptions } from "../sources/mod.ts";
import { isQcow2Source } from "./qcow2_disk.ts";

/** The disk of an image is a whole number of sectors. */
const SECTOR = 512;

/** A backing file that ends before bytes that an image takes from it. */
export interface ShortBase {
  /** The backing file: a disk, or what a plain file holds. */
  readonly base: ByteSource;
  /** The first bytes that it lacks, up to where another image has some. */
  readonly missing: ByteRange;
}

/**
 * Finds the first bytes of a range of a disk that are zero only because a
 * backing file ends before them. That is legal, but a snapshot that is packed
 * has them if its base has not been cut off.
 */
export async function findShortBase(
  disk: ByteSource,
  range: ByteRange,
  options?: ReadOptions,
): Promise<ShortBase | undefined> {
  if (!isQcow2Source(disk) || disk.backing === undefined) return undefined;
  const { backing } = disk;
  const isWhole = disk.byteLength - backing.byteLength < SECTOR;
  const end = Math.min(range.offset + range.length, disk.byteLength);
  for (let at = range.offset; at < end;) {
    const extent = await disk.extent(at, end - at, options);
    const { kind, length } = extent;
    if (kind === "absent") {
      const below = { offset: at, length };
      const found = await findShortBase(backing, below, options);
      if (found !== undefined) return found;
      const offset = Math.max(at, backing.byteLength);
      const missing = { offset, length: at + length - offset };
      if (missing.length > 0 && !isWhole) return { base: backing, missing };
    }
    at += length;
  }
  return undefined;
}

/** Returns where the shortest file of a chain ends. */
export function shortestEnd(disk: ByteSource): number {
  return isQcow2Source(disk) && disk.backing !== undefined
    ? Math.min(disk.byteLength, shortestEnd(disk.backing))
    : disk.byteLength;
}
