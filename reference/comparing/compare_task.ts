import { chainFiles } from "../packing/mod.ts";
import {
  type Backing,
  type BackingFile,
  backingOf,
  type ByteSource,
} from "../sources/mod.ts";
import { LANE_CONTROL, type SharedTask } from "../lanes/mod.ts";

/** A source that lanes can open: a disk in an image, or bytes as they are. */
export type LaneSource =
  | { readonly kind: "disk"; readonly chain: readonly BackingFile[] }
  | { readonly kind: "plain"; readonly from: Backing };

/** A RAMBlock for lanes. */
export interface LaneSide {
  readonly source: LaneSource;
  readonly pagesOffset: number;
}

/** Chunks of a window of pages that lanes compare. */
export interface CompareTask extends SharedTask {
  readonly a: LaneSide;
  readonly b: LaneSide;
  readonly pageSize: number;
  /** Pages of a chunk. */
  readonly chunkPages: number;
  /** The first page of the window. */
  readonly first: number;
  /** The states of the window's pages, in shared memory. */
  readonly states: Uint8Array;
  /** The numbers of the chunks with pages to be read. */
  readonly chunks: Uint32Array;
}

/** Indexes into the counters of a {@linkcode CompareTask}. */
export const COMPARE_CONTROL = {
  ...LANE_CONTROL,
  /** Chunks done. */
  done: 2,
  length: 3,
} as const;

/** Returns how lanes can open a source; undefined if they cannot. */
export function laneSource(source: ByteSource): LaneSource | undefined {
  const chain = chainFiles(source);
  if (chain !== undefined) return { kind: "disk", chain };
  const from = backingOf(source);
  return from && { kind: "plain", from };
}
