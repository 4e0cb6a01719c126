import type { PageBitmap } from "../../format/bitmap/mod.ts";
import { PageBuffer } from "../pages/mod.ts";
import type { ClusterCompressor } from "./cluster_compressor.ts";

/** Clusters of a chunk that are ready to be written. */
export interface PackedChunk {
  /** Number on the disk of its first cluster. */
  readonly firstCluster: number;
  /** Number of clusters in it. */
  readonly clusterCount: number;
  /** Indexes in the chunk of the clusters that are stored. */
  readonly stored: readonly number[];
  /** Their lengths; a whole cluster is not compressed. */
  readonly lengths: readonly number[];
  /** How many of them are compressed. */
  readonly compressedCount: number;
  /** The compressed clusters, then the others. */
  readonly bytes: Uint8Array;
  /** Indexes of clusters that read as zeros, unlike those of the backing. */
  readonly zeros: readonly number[];
}

/** What a {@linkcode ChunkPacker} packs. */
export interface ChunkParts {
  readonly firstCluster: number;
  readonly clusterCount: number;
  /** The clusters of the disk to store; undefined: all that are not zero. */
  readonly changed: PageBitmap | undefined;
}

/** Compresses the clusters of chunks, one chunk after the other. */
export class ChunkPacker {
  /** The chunk to pack. */
  readonly buffer: PageBuffer;
  readonly #compress: ClusterCompressor;
  readonly #clusterSize: number;
  readonly #outputs: readonly Uint8Array[];
  #next = 0;

  /** Keeps the last `kept` packed chunks. */
  constructor(
    compress: ClusterCompressor,
    { clusterSize, chunkLength, kept }: {
      readonly clusterSize: number;
      readonly chunkLength: number;
      readonly kept: number;
    },
  ) {
    this.buffer = new PageBuffer(chunkLength);
    this.#compress = compress;
    this.#clusterSize = clusterSize;
    this.#outputs = Array.from(
      { length: kept },
      () => new Uint8Array(chunkLength),
    );
  }

  /** Packs the chunk in the buffer. */
  pack(parts: ChunkParts): PackedChunk {
    const { firstCluster, clusterCount, changed } = parts;
    const size = this.#clusterSize;
    const nonZero = this.buffer.nonZeroPages(size, clusterCount);
    const output = this.#outputs[this.#next++ % this.#outputs.length];
    const stored: number[] = [];
    const lengths: number[] = [];
    const plain: Uint8Array[] = [];
    const zeros: number[] = [];
    let end = 0;
    for (let index = 0; index < clusterCount; index++) {
      if (changed?.isSet(firstCluster + index) === false) continue;
      if (!nonZero.isSet(index)) {
        if (changed !== undefined) zeros.push(index);
        continue;
      }
      const start = index * size;
      const cluster = this.buffer.bytes.subarray(start, start + size);
      const packed = this.#compress(cluster);
      const isSmaller = packed.length < size;
      stored.push(index);
      lengths.push(isSmaller ? packed.length : size);
      if (isSmaller) {
        output.set(packed, end);
        end += packed.length;
      } else plain.push(cluster);
    }
    for (const cluster of plain) {
      output.set(cluster, end);
      end += size;
    }
    const bytes = output.subarray(0, end);
    return {
      firstCluster,
      clusterCount,
      stored,
      lengths,
      compressedCount: stored.length - plain.length,
      bytes,
      zeros,
    };
  }
}
