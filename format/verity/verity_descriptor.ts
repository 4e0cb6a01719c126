import { hex, type RuleViolation, UnsupportedError } from "../rules/mod.ts";
import {
  DATA_SIZE_AT,
  DESCRIPTOR_LENGTH,
  HASH_LENGTH,
} from "./verity_format.ts";

/** What a descriptor says about a file. */
export interface VerityDescriptor {
  /** Length of the file in bytes; rounded above 2^53, where no file ends. */
  readonly dataLength: number;
  /** The hash of the root block; zeros for an empty file. */
  readonly rootHash: Uint8Array;
}

/** Fields that have only one value here: name, offset, value, meaning. */
const FIXED = [
  ["version", 0, 1, "version 1"],
  ["hash_algorithm", 1, 1, "1, SHA-256"],
  ["log_blocksize", 2, 12, "12, blocks of 4096 bytes"],
  ["salt_size", 3, 0, "0, no salt"],
] as const;

const ROOT_HASH_AT = 16;
const ROOT_HASH_END = ROOT_HASH_AT + HASH_LENGTH;

/** Bytes that are zero here, by their field: name, its offset, start and end. */
const ZERO = [
  ["sig_size", 4, 4, DATA_SIZE_AT],
  ["root_hash", ROOT_HASH_AT, ROOT_HASH_END, 80],
  ["salt", 80, 80, 112],
  ["reserved", 112, 112, DESCRIPTOR_LENGTH],
] as const;

/** Returns the 256 bytes of a descriptor; their SHA-256 is the digest. */
export function writeVerityDescriptor(
  { dataLength, rootHash }: VerityDescriptor,
): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(DESCRIPTOR_LENGTH);
  for (const [, offset, value] of FIXED) bytes[offset] = value;
  const view = new DataView(bytes.buffer);
  view.setBigUint64(DATA_SIZE_AT, BigInt(dataLength), true);
  bytes.set(rootHash, ROOT_HASH_AT);
  return bytes;
}

/**
 * Reads a descriptor whose digest has been checked: other values than expected
 * are those of another kind of descriptor.
 *
 * @throws {UnsupportedError} if it has another version, algorithm or block
 * size, a salt, a signature or an unknown field (`verity-descriptor`)
 */
export function readVerityDescriptor(
  fileName: string,
  bytes: Uint8Array,
): VerityDescriptor {
  const view = new DataView(bytes.buffer, bytes.byteOffset, DESCRIPTOR_LENGTH);
  for (const [name, offset, value, meaning] of FIXED) {
    const found = view.getUint8(offset);
    if (found === value) continue;
    throw unsupported(fileName, {
      offset,
      found: `${name} is ${found}`,
      expected: meaning,
    });
  }
  for (const [name, offset, start, end] of ZERO) {
    const at = bytes.subarray(start, end).findIndex((byte) => byte !== 0);
    if (at < 0) continue;
    throw unsupported(fileName, {
      offset,
      found: `${name} has the byte ${hex(bytes[start + at])} at ${start + at}`,
      expected: "0, no signature, no salt and no other field",
    });
  }
  const rootHash = bytes.slice(ROOT_HASH_AT, ROOT_HASH_END);
  return {
    dataLength: Number(view.getBigUint64(DATA_SIZE_AT, true)),
    rootHash,
  };
}

function unsupported(
  fileName: string,
  violation: Pick<RuleViolation, "offset" | "found" | "expected">,
): UnsupportedError {
  const { found } = violation;
  const feature = `a descriptor whose ${found}`;
  return new UnsupportedError(fileName, {
    rule: "verity-descriptor",
    feature,
    ...violation,
  });
}
