import type { Backing, BackingFile } from "../sources/mod.ts";
import { LANE_CONTROL, type SharedTask } from "../lanes/mod.ts";

/** Units of a file to hash. */
export interface SealTask extends SharedTask {
  /** The file or memory to hash. */
  readonly from: Backing;
  /** Whether it consists mostly of holes. */
  readonly isSparse: boolean;
  /** Its length in bytes. */
  readonly dataLength: number;
  /** The sidecar to write the hashes to, if any. */
  readonly to: BackingFile | undefined;
  /** The numbers of the units. */
  readonly units: Uint32Array;
  /** The bitmaps of their chunks, one after the other. */
  readonly wanted: Uint8Array;
  /** Where to put their hashes, one after the other. */
  readonly hashes: Uint8Array;
}

/** Indexes into the counters of a {@linkcode SealTask}. */
export const SEAL_CONTROL = {
  ...LANE_CONTROL,
  /** Chunks read. */
  chunks: 2,
  /** Blocks of them that are zero. */
  zeroBlocks: 3,
  length: 4,
} as const;
