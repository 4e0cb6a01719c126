import { hexText } from "../../format/bytes/mod.ts";
import {
  HASH_LENGTH,
  HASHES_PER_BLOCK,
  VERITY_BLOCK,
} from "../../format/verity/mod.ts";
import { IntegrityError } from "../sources/mod.ts";
import { type Hashing, isHash, syncHash } from "../hashing/mod.ts";
import type { Leaves } from "./verified_tree.ts";

/** Blocks that are hashed together. */
const BATCH = 64;

/** Whole blocks of data, padded with zeros at the end of the file. */
export interface DataBlocks {
  /** Number of the first block. */
  readonly first: number;
  /** Their bytes. */
  readonly bytes: Uint8Array;
}

/** The file in the error of a wrong block. */
export interface CheckedFile {
  readonly name: string;
  readonly digest: string;
}

/**
 * Checks blocks of data against their hashes.
 *
 * @throws {IntegrityError} if one is wrong (`verity-data`)
 */
export function* checkBlocks(
  { first, bytes }: DataBlocks,
  leaves: Leaves,
  file: CheckedFile,
): Hashing<void> {
  const count = bytes.length / VERITY_BLOCK;
  for (let from = 0; from < count; from += BATCH) {
    const batch: Uint8Array[] = [];
    for (let it = from; it < Math.min(from + BATCH, count); it++) {
      batch.push(blockOf(bytes, it));
    }
    const hashes = yield batch;
    for (const [index, hash] of hashes.entries()) {
      checkHash(hash, first + from + index, { leaves, file });
    }
  }
}

/**
 * Same as {@linkcode checkBlocks} with the runtime's synchronous SHA-256: for a
 * page, a generator would take a third of the time.
 */
export function checkBlocksSync(
  { first, bytes }: DataBlocks,
  leaves: Leaves,
  file: CheckedFile,
): void {
  const hash = syncHash();
  const count = bytes.length / VERITY_BLOCK;
  const context = { leaves, file };
  if (count === 1) return checkHash(hash(bytes), first, context);
  for (let index = 0; index < count; index++) {
    checkHash(hash(blockOf(bytes, index)), first + index, context);
  }
}

function blockOf(bytes: Uint8Array, index: number): Uint8Array {
  const start = index * VERITY_BLOCK;
  return bytes.subarray(start, start + VERITY_BLOCK);
}

function checkHash(
  hash: string,
  block: number,
  { leaves, file }: { readonly leaves: Leaves; readonly file: CheckedFile },
): void {
  const row = Math.floor(block / HASHES_PER_BLOCK) - leaves.first;
  const slot = (block % HASHES_PER_BLOCK) * HASH_LENGTH;
  const expected = leaves.blocks[row];
  if (isHash(hash, expected, slot)) return;
  throw new IntegrityError(file.name, {
    rule: "verity-data",
    offset: block * VERITY_BLOCK,
    length: VERITY_BLOCK,
    found: `block ${block} with SHA-256 ${hash}`,
    expected: hexText(expected.subarray(slot, slot + HASH_LENGTH)),
    digest: file.digest,
  });
}
