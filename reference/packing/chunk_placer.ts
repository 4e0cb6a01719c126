import {
  compressedEntry,
  placeClusters,
  usedEntry,
  ZERO_ENTRY,
} from "../../format/packing/mod.ts";
import type { PackedChunk } from "./chunk_packer.ts";

/** The tables of an image that is being written, in shared memory. */
export interface PackedTables {
  readonly clusterBits: number;
  /** The positions of the L2 tables, by their index in the L1 table. */
  readonly l2Offsets: Float64Array;
  /** How often each cluster of the image is used. */
  readonly counts: Uint16Array;
  /** How far it is filled: by compressed clusters, and by clusters. */
  readonly space: Float64Array;
}

/** Bytes, and their position in the image. */
export interface ImagePart {
  readonly bytes: Uint8Array;
  readonly offset: number;
}

/**
 * Places a packed chunk after those before it; returns what to write. Chunks
 * are placed one at a time.
 */
export function placeChunk(
  chunk: PackedChunk,
  { clusterBits, l2Offsets, counts, space }: PackedTables,
): ImagePart[] {
  const { stored, lengths, bytes, zeros, firstCluster, clusterCount } = chunk;
  if (stored.length === 0 && zeros.length === 0) return [];
  const clusterSize = 2 ** clusterBits;
  const perTable = clusterSize / 8;
  const [packedEnd, clusterEnd] = space;
  const placed = placeClusters({ packedEnd, clusterEnd }, lengths, clusterSize);
  const { positions } = placed;
  space[0] = placed.space.packedEnd;
  space[1] = placed.space.clusterEnd;

  const entries = new Uint8Array(clusterCount * 8);
  const view = new DataView(entries.buffer);
  for (const [index, cluster] of stored.entries()) {
    const [offset, length] = [positions[index], lengths[index]];
    const isPlain = length === clusterSize;
    const entry = isPlain
      ? usedEntry(offset)
      : compressedEntry(offset, length, clusterBits);
    view.setBigUint64(cluster * 8, entry);
    const last = Math.floor((offset + length - 1) / clusterSize);
    for (let it = Math.floor(offset / clusterSize); it <= last; it++) {
      counts[it]++;
    }
  }
  for (const cluster of zeros) view.setBigUint64(cluster * 8, ZERO_ENTRY);
  const table = l2Offsets[Math.floor(firstCluster / perTable)];
  const offset = table + firstCluster % perTable * 8;
  return [...storedParts(bytes, { positions, lengths, clusterSize }), {
    bytes: entries,
    offset,
  }];
}

/** Yields the stored bytes in as few parts as possible. */
function* storedParts(
  bytes: Uint8Array,
  { positions, lengths, clusterSize }: {
    readonly positions: readonly number[];
    readonly lengths: readonly number[];
    readonly clusterSize: number;
  },
): Generator<ImagePart> {
  let start = 0;
  let end = 0;
  let offset = 0;
  for (const isPlain of [false, true]) {
    for (const [index, length] of lengths.entries()) {
      if ((length === clusterSize) !== isPlain) continue;
      if (positions[index] !== offset + end - start) {
        if (end > start) yield { bytes: bytes.subarray(start, end), offset };
        start = end;
        offset = positions[index];
      }
      end += length;
    }
  }
  if (end > start) yield { bytes: bytes.subarray(start, end), offset };
}
