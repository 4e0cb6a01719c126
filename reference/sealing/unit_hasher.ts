import { type ByteRange, hexText } from "../../format/bytes/mod.ts";
import {
  HASH_LENGTH,
  HASHES_PER_BLOCK,
  type TreeGeometry,
  type TreeLevel,
  VERITY_BLOCK,
} from "../../format/verity/mod.ts";
import { PageBuffer } from "../pages/mod.ts";
import {
  type Hashing,
  putHash,
  putHashes,
  UNIT,
  type ZeroBlock,
} from "../hashing/mod.ts";

/** Blocks that are hashed together. */
const BATCH = 64;

/** Bytes of the sidecar, and their position there. */
export interface SidecarPart {
  readonly bytes: Uint8Array;
  readonly offset: number;
}

/** The hashes of a unit. */
export interface HashedUnit {
  /**
   * The hash of its block of level 2, or of the root if the file is smaller, in
   * hexadecimal digits.
   */
  readonly hash: string;
  /** What to write, valid until the next unit; holes are left out. */
  readonly parts: readonly SidecarPart[];
}

/**
 * Hashes the data of one unit after another: `begin`, then `add` for each part
 * that may hold data, read into `buffer`, then `finish`.
 */
export class UnitHasher {
  /** Where parts are read to. */
  readonly buffer: PageBuffer;
  /** Its blocks. */
  readonly #blocks: readonly Uint8Array[];
  readonly #geometry: TreeGeometry;
  readonly #zeros: readonly ZeroBlock[];
  /** The blocks of level 1, one after the other. */
  readonly #hashes = new Uint8Array(HASHES_PER_BLOCK * VERITY_BLOCK);
  /** The same, one by one. */
  readonly #rows = blocksOf(this.#hashes);
  /** The block of level 2. */
  readonly #upper = new Uint8Array(VERITY_BLOCK);
  /** Whether there is data below a block of level 1. */
  readonly #hasData = new Uint8Array(HASHES_PER_BLOCK);
  #unit = 0;

  /** `longest` is the maximum length of a part, a multiple of a block. */
  constructor(
    geometry: TreeGeometry,
    { zeros, longest }: {
      readonly zeros: readonly ZeroBlock[];
      readonly longest: number;
    },
  ) {
    this.#geometry = geometry;
    this.#zeros = zeros;
    this.buffer = new PageBuffer(longest);
    this.#blocks = blocksOf(this.buffer.bytes);
  }

  /** Begins a unit, whose data is zero unless it is added. */
  begin(unit: number): void {
    this.#unit = unit;
    this.#hasData.fill(0);
    const left = this.#geometry.blockCount - unit * (UNIT / VERITY_BLOCK);
    const length = Math.min(left * HASH_LENGTH, this.#hashes.length);
    putHash(this.#zeros[0].hash, this.#hashes, 0);
    for (let filled = HASH_LENGTH; filled < length; filled *= 2) {
      this.#hashes.copyWithin(filled, 0, filled);
    }
    this.#hashes.fill(0, length);
  }

  /**
   * Hashes the part of the file in the buffer. Returns how many of its blocks
   * are zero.
   */
  *add({ offset, length }: ByteRange): Hashing<number> {
    const { bytes } = this.buffer;
    const count = Math.ceil(length / VERITY_BLOCK);
    bytes.fill(0, length, count * VERITY_BLOCK);
    const nonZero = this.buffer.nonZeroPages(VERITY_BLOCK, count);
    const first = (offset - this.#unit * UNIT) / VERITY_BLOCK;
    let hashed = 0;
    for (const { first: start, end } of nonZero.runs()) {
      for (let from = start; from < end; from += BATCH) {
        const until = Math.min(end, from + BATCH);
        const hashes = yield this.#blocks.slice(from, until);
        putHashes(hashes, this.#hashes, (first + from) * HASH_LENGTH);
        const row = Math.floor((first + from) / HASHES_PER_BLOCK);
        const rowEnd = Math.ceil((first + until) / HASHES_PER_BLOCK);
        this.#hasData.fill(1, row, rowEnd);
      }
      hashed += end - start;
    }
    return count - hashed;
  }

  /** Hashes the blocks of hashes of the unit. */
  *finish(): Hashing<HashedUnit> {
    const [lower, upper] = this.#geometry.levels;
    if (lower === undefined) {
      return {
        hash: hexText(this.#hashes.subarray(0, HASH_LENGTH)),
        parts: [],
      };
    }
    const parts: SidecarPart[] = [];
    const firstRow = this.#unit * HASHES_PER_BLOCK;
    const rows = Math.min(HASHES_PER_BLOCK, lower.blockCount - firstRow);
    this.#upper.fill(0);
    let isConstant = true;
    for (let row = 0; row < rows;) {
      const end = this.#runEnd(lower, { row, rows });
      if (this.#isConstant(lower, row)) {
        for (; row < end; row++) this.#setUpper(row, this.#zeros[1].hash);
        continue;
      }
      isConstant = false;
      const bytes = this.#hashes.subarray(
        row * VERITY_BLOCK,
        end * VERITY_BLOCK,
      );
      parts.push({ bytes, offset: blockOffset(lower, firstRow + row) });
      const hashes = yield this.#rows.slice(row, end);
      for (const hash of hashes) this.#setUpper(row++, hash);
    }
    if (upper === undefined) {
      return { hash: hexText(this.#upper.subarray(0, HASH_LENGTH)), parts };
    }
    if (isConstant && this.#geometry.isFull(upper, this.#unit)) {
      return { hash: this.#zeros[2].hash, parts };
    }
    parts.push({ bytes: this.#upper, offset: blockOffset(upper, this.#unit) });
    const [hash] = yield [this.#upper];
    return { hash, parts };
  }

  /** Returns the end of the rows from `row` on that are alike in being holes. */
  #runEnd(
    level: TreeLevel,
    { row, rows }: { readonly row: number; readonly rows: number },
  ): number {
    const isConstant = this.#isConstant(level, row);
    let end = row + 1;
    while (end < rows && this.#isConstant(level, end) === isConstant) end++;
    return end;
  }

  /** Whether a block of level 1 is a hole: full, with nothing but zeros below. */
  #isConstant(level: TreeLevel, row: number): boolean {
    const index = this.#unit * HASHES_PER_BLOCK + row;
    return this.#hasData[row] === 0 && this.#geometry.isFull(level, index);
  }

  #setUpper(row: number, hash: string): void {
    putHash(hash, this.#upper, row * HASH_LENGTH);
  }
}

/** Returns the position in the sidecar of a block of hashes. */
export function blockOffset({ offset }: TreeLevel, index: number): number {
  return offset + index * VERITY_BLOCK;
}

/** Returns views of the blocks of a buffer: making them costs time. */
function blocksOf(bytes: Uint8Array): Uint8Array[] {
  const blocks: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; at += VERITY_BLOCK) {
    blocks.push(bytes.subarray(at, at + VERITY_BLOCK));
  }
  return blocks;
}
