import type * as NodeFs from "node:fs";
import { errorCode } from "../sources/mod.ts";
import { identityOf } from "./file_names.ts";

/** Unit of `stat.blocks` in bytes, independent of the file system. */
const STAT_BLOCK = 512;

/** Properties of a file, determined when it is opened. */
export interface FileFacts {
  /** Its size in bytes. */
  readonly byteLength: number;
  /** Bytes allocated on disk, if the file system reports them. */
  readonly allocatedLength: number | undefined;
  /** Equal for the same file, whatever its path. */
  readonly identity: string;
}

/** Returns the properties of a regular file. */
export function regularFileFacts(stat: NodeFs.Stats): FileFacts {
  // Deno reports none on Windows.
  const blocks = stat.blocks as number | null | undefined;
  return {
    byteLength: stat.size,
    allocatedLength: blocks == null ? undefined : STAT_BLOCK * blocks,
    identity: identityOf(stat),
  };
}

/**
 * Returns the properties of a block device; `reads` returns whether there is a
 * byte at a position.
 */
export function deviceFacts(
  stat: NodeFs.Stats,
  reads: (offset: number) => boolean,
): FileFacts {
  return {
    byteLength: deviceLength(reads),
    allocatedLength: undefined,
    identity: `device:${stat.rdev}`,
  };
}

/**
 * Returns the size of a block device, which `stat` does not report: finds the
 * last readable byte with about eighty reads of one byte. `reads` returns
 * whether there is a byte at a position.
 */
export function deviceLength(reads: (offset: number) => boolean): number {
  let end = 1;
  while (end < Number.MAX_SAFE_INTEGER && reads(end - 1)) end *= 2;
  let start = Math.floor(end / 2);
  // All bytes before `start` exist, and none at or after `end`.
  while (start < end) {
    const middle = start + Math.floor((end - start) / 2);
    if (reads(middle)) start = middle + 1;
    else end = middle;
  }
  return start;
}

/**
 * Whether a read failed because the position is past the end, or cannot be
 * addressed.
 */
export function isPastEnd(error: unknown): boolean {
  return ["EINVAL", "EOVERFLOW"].includes(errorCode(error));
}
