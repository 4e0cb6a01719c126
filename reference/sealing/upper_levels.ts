import { hexBytes } from "../../format/bytes/mod.ts";
import {
  HASH_LENGTH,
  HASHES_PER_BLOCK,
  type TreeGeometry,
  VERITY_BLOCK,
} from "../../format/verity/mod.ts";
import {
  type Hashing,
  isHash,
  UNIT_LEVELS,
  type ZeroBlock,
} from "../hashing/mod.ts";
import { blockOffset, type SidecarPart } from "./unit_hasher.ts";

/** The unfinished block of a level. */
interface OpenBlock {
  readonly bytes: Uint8Array;
  /** Hashes of the level so far. */
  count: number;
  /** Whether all hashes of the block are those of zeros. */
  isConstant: boolean;
}

/**
 * Makes the levels above those of units from the hashes of the units, which are
 * added in order.
 */
export class UpperLevels {
  readonly #geometry: TreeGeometry;
  readonly #zeros: readonly ZeroBlock[];
  readonly #open: readonly OpenBlock[];
  #root: Uint8Array | undefined;
  #parts: SidecarPart[] = [];

  constructor(geometry: TreeGeometry, zeros: readonly ZeroBlock[]) {
    this.#geometry = geometry;
    this.#zeros = zeros;
    this.#open = geometry.levels.map(() => ({
      bytes: new Uint8Array(VERITY_BLOCK),
      count: 0,
      isConstant: true,
    }));
  }

  /** The hash of the root, once all units were added. */
  get root(): Uint8Array {
    // A file without blocks has no units, and zeros for the hash of its root.
    return this.#root ?? new Uint8Array(HASH_LENGTH);
  }

  /** Adds the hash of the next unit. */
  add(hash: Uint8Array): Hashing<void> {
    const zero = this.#zeros[UNIT_LEVELS]?.hash;
    const isZero = zero !== undefined && isHash(zero, hash, 0);
    return this.#add(UNIT_LEVELS, { hash, isZero });
  }

  /** Adds the next `count` units, full ones that are all zero. */
  addZeros(count: number): Hashing<void> {
    return this.#addZeros(UNIT_LEVELS, count);
  }

  /** Returns what to write of the blocks that were finished since. */
  takeParts(): readonly SidecarPart[] {
    const parts = this.#parts;
    this.#parts = [];
    return parts;
  }

  /** Adds a hash to the level at `index`. */
  *#add(
    index: number,
    { hash, isZero }: { readonly hash: Uint8Array; readonly isZero: boolean },
  ): Hashing<void> {
    const level = this.#geometry.levels[index];
    if (level === undefined) {
      this.#root = hash;
      return;
    }
    const open = this.#open[index];
    const slot = open.count % HASHES_PER_BLOCK;
    if (slot === 0) {
      open.bytes.fill(0);
      open.isConstant = true;
    }
    open.bytes.set(hash, slot * HASH_LENGTH);
    open.isConstant &&= isZero;
    open.count++;
    const isLast = open.count === level.hashCount;
    if (slot !== HASHES_PER_BLOCK - 1 && !isLast) return;
    const number = Math.ceil(open.count / HASHES_PER_BLOCK) - 1;
    if (open.isConstant && this.#geometry.isFull(level, number)) {
      return yield* this.#addZero(index + 1);
    }
    const bytes = open.bytes.slice();
    this.#parts.push({ bytes, offset: blockOffset(level, number) });
    const [made] = yield [bytes];
    yield* this.#add(index + 1, { hash: hexBytes(made), isZero: false });
  }

  #addZero(index: number): Hashing<void> {
    const hash = hexBytes(this.#zeros[index].hash);
    return this.#add(index, { hash, isZero: true });
  }

  /** Adds the hashes of zeros to the level at `index`, whole blocks at once. */
  *#addZeros(index: number, count: number): Hashing<void> {
    const open: OpenBlock | undefined = this.#open[index];
    let left = count;
    while (left > 0) {
      const blocks = Math.floor(left / HASHES_PER_BLOCK);
      const isAligned = open !== undefined &&
        open.count % HASHES_PER_BLOCK === 0;
      if (blocks > 0 && isAligned) {
        open.count += blocks * HASHES_PER_BLOCK;
        left -= blocks * HASHES_PER_BLOCK;
        yield* this.#addZeros(index + 1, blocks);
      } else {
        yield* this.#addZero(index);
        left--;
      }
    }
  }
}
