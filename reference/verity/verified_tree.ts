import { type ByteRange, hexText } from "../../format/bytes/mod.ts";
import {
  HASH_LENGTH,
  HASHES_PER_BLOCK,
  type TreeGeometry,
  type TreeLevel,
  VERITY_BLOCK,
} from "../../format/verity/mod.ts";
import { isZero } from "../pages/mod.ts";
import { IntegrityError, KeptBlocks } from "../sources/mod.ts";
import { type Hashing, isHash, type ZeroBlock } from "../hashing/mod.ts";

/** The blocks [first, end) of a level on the path to data blocks. */
export interface PathLevel {
  readonly level: TreeLevel;
  readonly first: number;
  readonly end: number;
  /** The verified blocks; undefined where one is missing. */
  readonly blocks: (Uint8Array | undefined)[];
  /** The bytes of the sidecar to read for those missing, if any. */
  readonly wanted: ByteRange | undefined;
}

/** Hashes of data blocks, verified. */
export interface Leaves {
  /** Number of the first block of hashes. */
  readonly first: number;
  /** The blocks of hashes. */
  readonly blocks: readonly Uint8Array[];
}

/** What a tree is made of. */
export interface TreeOptions {
  /** Name of the sidecar in errors. */
  readonly name: string;
  readonly digest: string;
  readonly rootHash: Uint8Array;
  readonly zeros: readonly ZeroBlock[];
  /** Blocks of hashes to keep. */
  readonly maxBlocks: number;
}

/** Maximum data blocks whose hashes are requested together: those of 64 MiB. */
const WINDOW = 0x4000;

/** Maximum bytes of leaves that are fetched because they may be needed next. */
const LEAVES_AHEAD = 0xc000;

/**
 * The hashes of a file, each verified against the level above before it is
 * kept. It does no I/O: `path` says what to read, `admit` takes it.
 */
export class VerifiedTree {
  readonly geometry: TreeGeometry;
  /** Number of data blocks whose hashes may be requested before their use. */
  readonly window: number;
  readonly #options: TreeOptions;
  readonly #kept: KeptBlocks;

  constructor(geometry: TreeGeometry, options: TreeOptions) {
    this.geometry = geometry;
    this.#options = options;
    // They must still be kept when they are used.
    const ahead = Math.floor(options.maxBlocks / 4) * HASHES_PER_BLOCK;
    this.window = Math.min(WINDOW, ahead);
    this.#kept = new KeptBlocks(VERITY_BLOCK, options.maxBlocks);
  }

  /** Returns the hashes of the data blocks [first, end) if they are kept. */
  leaves(first: number, end: number): Leaves | undefined {
    const [level] = this.geometry.levels;
    if (level === undefined) return this.#onlyLeaf();
    const from = Math.floor(first / HASHES_PER_BLOCK);
    const blocks: Uint8Array[] = [];
    for (let it = from; it * HASHES_PER_BLOCK < end; it++) {
      const block = this.#keptBlock(level, it);
      if (block === undefined) return undefined;
      blocks.push(block);
    }
    return { first: from, blocks };
  }

  /**
   * Returns the blocks of hashes above the data blocks [first, end), leaf level
   * first, up to a level whose blocks are all kept.
   */
  path(first: number, end: number): PathLevel[] {
    const path: PathLevel[] = [];
    for (const level of this.geometry.levels) {
      first = Math.floor(first / HASHES_PER_BLOCK);
      end = Math.ceil(end / HASHES_PER_BLOCK);
      const blocks: (Uint8Array | undefined)[] = [];
      for (let it = first; it < end; it++) {
        blocks.push(this.#keptBlock(level, it));
      }
      const from = blocks.indexOf(undefined);
      const last = blocks.lastIndexOf(undefined);
      const wanted = from < 0 ? undefined : {
        offset: level.offset + (first + from) * VERITY_BLOCK,
        length: (last + 1 - from) * VERITY_BLOCK,
      };
      path.push({ level, first, end, blocks, wanted });
      if (wanted === undefined) break;
    }
    return path;
  }

  /**
   * Returns the bytes of the sidecar from `offset` on that hold the hashes of
   * the data blocks before `until`, if any: no more than a source fetches
   * together with others.
   */
  leafBytes(offset: number, until: number): readonly ByteRange[] | undefined {
    const [leaf] = this.geometry.levels;
    const end = leaf.offset +
      Math.ceil(until / HASHES_PER_BLOCK) * VERITY_BLOCK;
    const length = Math.min(end - offset, LEAVES_AHEAD);
    return length > 0 ? [{ offset, length }] : undefined;
  }

  /**
   * Verifies what was read for a path, from the top down, and returns the
   * hashes of the data blocks. `read` holds the bytes that each level wanted.
   */
  *admit(
    path: readonly PathLevel[],
    read: readonly (Uint8Array | undefined)[],
  ): Hashing<Leaves> {
    let parents: Leaves = { first: 0, blocks: [this.#options.rootHash] };
    for (let index = path.length - 1; index >= 0; index--) {
      const it = path[index];
      const blocks: Uint8Array[] = [];
      for (let at = it.first; at < it.end; at++) {
        const kept = it.blocks[at - it.first];
        if (kept !== undefined) blocks.push(kept);
        else {
          const bytes = bytesOf(it, at, read[index]);
          blocks.push(yield* this.#verify(it.level, { at, bytes, parents }));
        }
      }
      parents = { first: it.first, blocks };
    }
    return parents;
  }

  *#verify(
    level: TreeLevel,
    { at, bytes, parents }: {
      readonly at: number;
      readonly bytes: Uint8Array;
      readonly parents: Leaves;
    },
  ): Hashing<Uint8Array> {
    const isConstant = this.geometry.isFull(level, at) && isZero(bytes);
    const zero = isConstant ? this.#options.zeros[level.level] : undefined;
    const [hash] = zero === undefined ? yield [bytes] : [zero.hash];
    const parent =
      parents.blocks[Math.floor(at / HASHES_PER_BLOCK) - parents.first];
    const slot = (at % HASHES_PER_BLOCK) * HASH_LENGTH;
    if (!isHash(hash, parent, slot)) {
      const { name, digest } = this.#options;
      throw new IntegrityError(name, {
        rule: "verity-tree",
        offset: level.offset + at * VERITY_BLOCK,
        length: VERITY_BLOCK,
        found: `block ${at} of level ${level.level} with SHA-256 ${hash}`,
        expected: hexText(parent.subarray(slot, slot + HASH_LENGTH)),
        digest,
        below: this.geometry.below(level, at),
      });
    }
    // A copy of a part, so that the buffer of a long read is not kept.
    const isAlone = bytes.buffer.byteLength === VERITY_BLOCK;
    const verified = zero?.bytes ?? (isAlone ? bytes : bytes.slice());
    this.#kept.keep(numberOf(level, at), verified);
    return verified;
  }

  #keptBlock(level: TreeLevel, index: number): Uint8Array | undefined {
    const number = numberOf(level, index);
    const block = this.#kept.get(number);
    if (block !== undefined) this.#kept.touch(number, block);
    return block;
  }

  /** The root hash is the only hash of a file of one block. */
  #onlyLeaf(): Leaves {
    return { first: 0, blocks: [this.#options.rootHash] };
  }
}

/** Returns the number of a block in the sidecar. */
function numberOf({ offset }: TreeLevel, index: number): number {
  return offset / VERITY_BLOCK + index;
}

function bytesOf(
  { level, wanted }: PathLevel,
  index: number,
  read: Uint8Array | undefined,
): Uint8Array {
  if (wanted === undefined || read === undefined) {
    throw new RangeError("A block of hashes was neither kept nor read");
  }
  const start = level.offset + index * VERITY_BLOCK - wanted.offset;
  return read.subarray(start, start + VERITY_BLOCK);
}
