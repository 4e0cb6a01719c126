import type { PageBitmap } from "../../format/bitmap/mod.ts";
import type { Backing, BackingFile } from "../sources/mod.ts";
import { LANE_CONTROL, type SharedTask } from "../lanes/mod.ts";
import type { PackedTables } from "./chunk_placer.ts";
import type { Compression } from "./cluster_compressor.ts";
import type { PackGeometry } from "./pack_plan.ts";

/** A source to pack. */
export interface PackJob {
  readonly geometry: PackGeometry;
  readonly compression: Compression;
  /** Length of the source in bytes. */
  readonly byteLength: number;
  readonly tables: PackedTables;
  /** The numbers of the chunks to pack, in order. */
  readonly chunks: Uint32Array;
  /** The granules of the source to pack; the others are zero. */
  readonly wanted: PageBitmap;
  /** The clusters that differ from those of the backing, if there is one. */
  readonly changed: PageBitmap | undefined;
}

/** Chunks of a file that lanes pack. Bitmaps are passed as their bytes. */
export interface PackTask
  extends SharedTask, Omit<PackJob, "wanted" | "changed"> {
  /** The file or memory to pack. */
  readonly from: Backing;
  /** Whether it consists mostly of holes. */
  readonly isSparse: boolean;
  /** The image. */
  readonly to: BackingFile;
  readonly wanted: Uint8Array;
  readonly changed: Uint8Array | undefined;
}

/** Indexes into the counters of a {@linkcode PackTask}. */
export const PACK_CONTROL = {
  ...LANE_CONTROL,
  /** Number of the item in `chunks` whose place is decided next. */
  turn: 2,
  /** Compressed clusters. */
  compressed: 3,
  /** Clusters stored as they are. */
  plain: 4,
  length: 5,
} as const;
