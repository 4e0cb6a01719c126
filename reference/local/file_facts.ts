import type * as NodeFs from "node:fs";
import { deviceLength } from "./device_length.ts";

/** Bytes of the blocks that `stat` counts, whatever those of the file system. */
const STAT_BLOCK = 512;

/** What is known of a file from when it was opened on. */
export interface FileFacts {
  /** Its size in bytes. */
  readonly byteLength: number;
  /** Bytes that it took on the disk, where the file system tells. */
  readonly allocatedLength: number | undefined;
  /** The same for the same file, whatever its path. */
  readonly identity: string;
}

/** Of a regular file. */
export function regularFileFacts(stat: NodeFs.Stats): FileFacts {
  // Deno tells none on Windows.
  const blocks = stat.blocks as number | null | undefined;
  return {
    byteLength: stat.size,
    allocatedLength: blocks == null ? undefined : STAT_BLOCK * blocks,
    identity: `${stat.dev}:${stat.ino}`,
  };
}

/** Of a block device; `reads` tells whether there is a byte at a position. */
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
