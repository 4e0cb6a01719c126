import type { ByteRange } from "../bytes/mod.ts";
import {
  HASH_LENGTH,
  HASHES_PER_BLOCK,
  TREE_OFFSET,
  VERITY_BLOCK,
} from "./verity_format.ts";

/** One level of a tree. */
export interface TreeLevel {
  /** Its number: 1 holds the hashes of data blocks, 2 those of level 1. */
  readonly level: number;
  /** Position in the sidecar of its first block, in bytes. */
  readonly offset: number;
  /** Number of its blocks. */
  readonly blockCount: number;
  /** Number of its hashes: the blocks of the level below. */
  readonly hashCount: number;
  /** Data blocks below one of its blocks, unless the file ends before. */
  readonly span: number;
}

/**
 * Where the hashes of a file are in its sidecar: levels of blocks of 128
 * hashes, the root level first.
 *
 * @example
 * ```ts
 * import { TreeGeometry } from "../mod.ts";
 * import assert from "node:assert/strict";
 *
 * const geometry = new TreeGeometry(0x40000000); // 1 GiB
 * assert.equal(geometry.levels.length, 3);
 * assert.equal(geometry.levels[0].blockCount, 2048);
 * assert.equal(geometry.sidecarLength, 4096 * (1 + 1 + 16 + 2048));
 * ```
 */
export class TreeGeometry {
  /** Length of the file in bytes. */
  readonly dataLength: number;
  /** Number of data blocks. */
  readonly blockCount: number;
  /** The levels, level 1 first; none if there is at most one data block. */
  readonly levels: readonly TreeLevel[];
  /** Length of the sidecar in bytes. */
  readonly sidecarLength: number;

  /** Computes the places for a file of `dataLength` bytes. */
  constructor(dataLength: number) {
    this.dataLength = dataLength;
    this.blockCount = Math.ceil(dataLength / VERITY_BLOCK);
    const counts: number[] = [];
    for (let hashes = this.blockCount; hashes > 1;) {
      hashes = Math.ceil(hashes / HASHES_PER_BLOCK);
      counts.push(hashes);
    }
    let offset = TREE_OFFSET;
    const levels: TreeLevel[] = [];
    for (const [index, blockCount] of [...counts.entries()].reverse()) {
      levels.unshift({
        level: index + 1,
        offset,
        blockCount,
        hashCount: index === 0 ? this.blockCount : counts[index - 1],
        span: HASHES_PER_BLOCK ** (index + 1),
      });
      offset += blockCount * VERITY_BLOCK;
    }
    this.levels = levels;
    this.sidecarLength = offset;
  }

  /**
   * Whether all data blocks below a block of the tree are inside the file: a
   * block of zeros then means the constant of its level.
   */
  isFull({ span }: TreeLevel, index: number): boolean {
    return (index + 1) * span <= this.blockCount;
  }

  /** Returns the bytes of the file below a block of the tree. */
  below({ span }: TreeLevel, index: number): ByteRange {
    const offset = index * span * VERITY_BLOCK;
    const length = Math.min(span * VERITY_BLOCK, this.dataLength - offset);
    return { offset, length };
  }

  /** Bytes of the hashes in a block of the tree; the others are zero. */
  hashBytes({ hashCount }: TreeLevel, index: number): number {
    const left = hashCount - index * HASHES_PER_BLOCK;
    return Math.min(HASHES_PER_BLOCK, left) * HASH_LENGTH;
  }
}
