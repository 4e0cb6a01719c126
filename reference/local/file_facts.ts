import type * as NodeFs from "node:fs";
import { deviceLength } from "./device_length.ts";

/** Bytes of a block in `stat`, whatever the block size of the file system. */
const STAT_BLOCK = 512;

/** Facts of a file, determined when it is opened. */
export interface FileFacts {
  /** Its size in bytes. */
  readonly byteLength: number;
  /** Bytes allocated on disk, if the file system reports them. */
  readonly allocatedLength: number | undefined;
  /** Equal for the same file, whatever its path. */
  readonly identity: string;
}

/** Returns the facts of a regular file. */
export function regularFileFacts(stat: NodeFs.Stats): FileFacts {
  // Deno reports none on Windows.
  const blocks = stat.blocks as number | null | undefined;
  return {
    byteLength: stat.size,
    allocatedLength: blocks == null ? undefined : STAT_BLOCK * blocks,
    identity: `${stat.dev}:${stat.ino}`,
  };
}

/**
 * Returns the facts of a block device; `reads` tells whether there is a byte at
 * a position.
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
