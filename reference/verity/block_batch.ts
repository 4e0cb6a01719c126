import {
  HASH_LENGTH,
  HASHES_PER_BLOCK,
  VERITY_BLOCK,
} from "../../format/verity/mod.ts";
import { hashWithRuntime, hasSyncHash } from "../hashing/mod.ts";
import {
  checkBlocks,
  checkBlocksSync,
  type CheckedFile,
} from "./check_blocks.ts";
import type { CheckThread } from "./check_thread.ts";
import type { Leaves } from "./verified_tree.ts";

/** Blocks that are checked and passed on together: 256 KiB. */
const BLOCKS = 64;

/** Whole blocks of a range, and where they are in the batch. */
interface BatchPart {
  /** Index of the range. */
  readonly index: number;
  /** Number of the first block in the file. */
  readonly first: number;
  /** Number of the first block in the batch. */
  readonly at: number;
  /** Number of blocks. */
  count: number;
}

/** Options of a {@linkcode BlockBatch}. */
export interface BatchOptions {
  /** The file in errors. */
  readonly file: CheckedFile;
  /** The thread that checks some batches. */
  readonly thread: CheckThread;
  /** Returns verified hashes of the blocks [first, end) of a range. */
  readonly leaves: (
    run: { readonly first: number; readonly end: number },
    index: number,
  ) => Promise<Leaves> | Leaves;
  /** Receives checked blocks of a range, the last one padded with zeros. */
  readonly hand: (
    bytes: Uint8Array,
    part: { readonly first: number; readonly index: number },
  ) => Promise<void>;
}

/** Blocks of several ranges that are checked together. */
export class BlockBatch {
  readonly #options: BatchOptions;
  #bytes = new Uint8Array(BLOCKS * VERITY_BLOCK);
  #parts: BatchPart[] = [];
  #count = 0;

  constructor(options: BatchOptions) {
    this.#options = options;
  }

  /** Adds bytes of a range that start at a block; the last one may be short. */
  async add(
    bytes: Uint8Array,
    { first, index }: { readonly first: number; readonly index: number },
  ): Promise<void> {
    for (let done = 0; done < bytes.length;) {
      const room = (BLOCKS - this.#count) * VERITY_BLOCK;
      const taken = bytes.subarray(done, done + room);
      this.#put(taken, { first: first + done / VERITY_BLOCK, index });
      done += taken.length;
      if (this.#count === BLOCKS) await this.pass();
    }
  }

  /** Checks the blocks, and passes them on. */
  async pass(): Promise<void> {
    if (this.#count === 0) return;
    const parts = this.#parts;
    const length = this.#count * VERITY_BLOCK;
    this.#parts = [];
    this.#count = 0;
    const { leaves: find, hand } = this.#options;
    const leaves: Leaves[] = [];
    for (const { first, count, index } of parts) {
      const found = find({ first, end: first + count }, index);
      leaves.push(found instanceof Promise ? await found : found);
    }
    await this.#check(parts, leaves, length);
    for (const part of parts) await hand(this.#bytesOf(part), part);
  }

  #put(
    bytes: Uint8Array,
    { first, index }: { readonly first: number; readonly index: number },
  ): void {
    const count = Math.ceil(bytes.length / VERITY_BLOCK);
    const start = this.#count * VERITY_BLOCK;
    this.#bytes.set(bytes, start);
    this.#bytes.fill(0, start + bytes.length, start + count * VERITY_BLOCK);
    const last = this.#parts.at(-1);
    const follows = last?.index === index && last.first + last.count === first;
    if (follows) last.count += count;
    else this.#parts.push({ index, first, count, at: this.#count });
    this.#count += count;
  }

  async #check(
    parts: readonly BatchPart[],
    leaves: readonly Leaves[],
    length: number,
  ): Promise<void> {
    const { file, thread } = this.#options;
    if (thread.takes(length)) {
      const expected = expectedHashes(parts, leaves);
      const bytes = this.#bytes.subarray(0, length);
      const answer = await thread.check({ bytes, expected });
      this.#bytes = new Uint8Array(answer.bytes.buffer);
      if (answer.isRight) return;
      // The same error as on this thread follows.
    }
    for (const [number, part] of parts.entries()) {
      const blocks = { first: part.first, bytes: this.#bytesOf(part) };
      if (hasSyncHash) checkBlocksSync(blocks, leaves[number], file);
      else await hashWithRuntime(checkBlocks(blocks, leaves[number], file));
    }
  }

  #bytesOf({ at, count }: BatchPart): Uint8Array {
    return this.#bytes.subarray(at * VERITY_BLOCK, (at + count) * VERITY_BLOCK);
  }
}

/** Returns the hashes of all blocks of the parts, one after the other. */
function expectedHashes(
  parts: readonly BatchPart[],
  leaves: readonly Leaves[],
): Uint8Array<ArrayBuffer> {
  const hashes = new Uint8Array(BLOCKS * HASH_LENGTH);
  let filled = 0;
  for (const [number, { first, count }] of parts.entries()) {
    const { first: row, blocks } = leaves[number];
    for (let block = first; block < first + count; block++) {
      const slot = (block % HASHES_PER_BLOCK) * HASH_LENGTH;
      const leaf = blocks[Math.floor(block / HASHES_PER_BLOCK) - row];
      hashes.set(leaf.subarray(slot, slot + HASH_LENGTH), filled);
      filled += HASH_LENGTH;
    }
  }
  return hashes.subarray(0, filled);
}
