import type { BackingFile } from "../sources/mod.ts";
import { LANE_CONTROL, type SharedTask } from "../lanes/mod.ts";

/** Bytes that are unpacked at a time. */
export const UNPACK_CHUNK = 0x100000;
/** Zeros of this length become holes. */
export const HOLE = 4096;

/** Chunks of a disk that lanes unpack. */
export interface UnpackTask extends SharedTask {
  /** The image, and the files that hold what those before do not. */
  readonly chain: readonly BackingFile[];
  /** The file to write. */
  readonly to: BackingFile;
  /** Its length in bytes: at most that of the disk. */
  readonly byteLength: number;
  /** The numbers of the chunks. */
  readonly chunks: Uint32Array;
}

/** Indexes into the counters of an {@linkcode UnpackTask}. */
export const UNPACK_CONTROL = {
  ...LANE_CONTROL,
  /** Chunks done. */
  done: 2,
  length: 3,
} as const;
