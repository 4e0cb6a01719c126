import { statfsSync } from "node:fs";
import type { ByteRange } from "../../format/bytes/mod.ts";
import { LINUX } from "./linux_constants.ts";
import { FIEMAP, FIEMAP_EXTENT } from "./linux_structs.ts";
import { readField, writeField } from "./struct_layout.ts";
import { type Linux, linuxIfAny } from "../system/mod.ts";

/** A part of a file whose bytes on the disk also belong to another file. */
export interface SharedExtent extends ByteRange {
  /** Where the bytes are on the disk, or in the space of the file system. */
  readonly position: number;
}

/** Extents that one call returns. */
const EXTENTS_MAX = 1024;

/**
 * File systems that share extents between files. Those that stand before
 * another one, such as overlayfs and FUSE, report places of different disks as
 * if they were of one.
 */
const SHARING: readonly number[] = [
  LINUX.XFS_SUPER_MAGIC,
  LINUX.BTRFS_SUPER_MAGIC,
];

/**
 * Flags of an extent whose bytes are as they are at a known place. Compressed
 * extents are not: Btrfs does not report which part of one a file uses.
 */
const PLAIN = LINUX.FIEMAP_EXTENT_LAST | LINUX.FIEMAP_EXTENT_MERGED |
  LINUX.FIEMAP_EXTENT_SHARED;

/**
 * Returns the parts of a range of an open file whose bytes are shared with
 * other files, as after `cp --reflink`, in order; undefined if the file system
 * is neither XFS nor Btrfs, or the platform cannot tell. Two files on one device
 * have the same bytes where they have the same positions, until one of them is
 * written to. What was written before is flushed first, since pages in memory
 * may still have the place of the bytes that they replace.
 *
 * @example
 * ```ts
 * import { closeSync, openSync } from "node:fs";
 * import { sharedExtents } from "../doors/linux.ts";
 *
 * function sharedBytes(path: string, byteLength: number): number | undefined {
 *   const fd = openSync(path, "r");
 *   try {
 *     const range = { offset: 0, length: byteLength };
 *     return sharedExtents(fd, range)?.reduce((sum, it) => sum + it.length, 0);
 *   } finally {
 *     closeSync(fd);
 *   }
 * }
 * ```
 */
export function sharedExtents(
  fd: number,
  { offset, length }: ByteRange,
): SharedExtent[] | undefined {
  const linux = linuxIfAny();
  if (linux === undefined || !canShare(fd)) return undefined;
  const bytes = new Uint8Array(FIEMAP.size + EXTENTS_MAX * FIEMAP_EXTENT.size);
  const view = new DataView(bytes.buffer);
  const shared: SharedExtent[] = [];
  const end = offset + length;
  for (let from = offset; from < end;) {
    if (!requestExtents(linux, fd, { bytes, from, end })) return undefined;
    const count = readField(view, FIEMAP.fields.fm_mapped_extents);
    let reached = end;
    for (let index = 0; index < count; index++) {
      const at = FIEMAP.size + index * FIEMAP_EXTENT.size;
      const { fe_logical, fe_physical, fe_length, fe_flags } =
        FIEMAP_EXTENT.fields;
      const start = readField(view, fe_logical, at);
      const flags = readField(view, fe_flags, at);
      const stop = start + readField(view, fe_length, at);
      const isLast = (flags & LINUX.FIEMAP_EXTENT_LAST) !== 0;
      reached = isLast || count < EXTENTS_MAX ? end : stop;
      const isPlain = (flags & ~PLAIN) === 0;
      if (!isPlain || (flags & LINUX.FIEMAP_EXTENT_SHARED) === 0) continue;
      // The first and the last extent may go beyond the range.
      const first = Math.max(offset, start);
      const position = readField(view, fe_physical, at) + first - start;
      const until = Math.min(end, stop);
      if (first < until) {
        shared.push({ offset: first, length: until - first, position });
      }
    }
    // An answer that does not go on would be asked for without an end.
    if (reached <= from) return undefined;
    from = reached;
  }
  return shared;
}

/** Asks for the extents of [from, end); returns whether there is an answer. */
function requestExtents(
  { call }: Linux,
  fd: number,
  { bytes, from, end }: {
    readonly bytes: Uint8Array<ArrayBuffer>;
    readonly from: number;
    readonly end: number;
  },
): boolean {
  const view = new DataView(bytes.buffer);
  const { fm_start, fm_length, fm_flags, fm_extent_count } = FIEMAP.fields;
  bytes.fill(0, 0, FIEMAP.size);
  writeField(view, fm_start, { value: from });
  writeField(view, fm_length, { value: end - from });
  writeField(view, fm_flags, { value: LINUX.FIEMAP_FLAG_SYNC });
  writeField(view, fm_extent_count, { value: EXTENTS_MAX });
  return call.ioctl(fd, LINUX.FS_IOC_FIEMAP, bytes) === 0;
}

function canShare(fd: number): boolean {
  try {
    return SHARING.includes(statfsSync(`/proc/self/fd/${fd}`).type);
  } catch {
    return false;
  }
}
