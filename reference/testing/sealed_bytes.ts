import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";

const BLOCK = 4096;

/** The sidecar and the digest of a file. */
export interface SealedBytes {
  readonly sidecar: Uint8Array;
  readonly digest: string;
}

/** Seals a file by SPEC 14, without any code of the library. */
export function sealBytes(bytes: Uint8Array): SealedBytes {
  const levels: Uint8Array[] = [];
  let hashes = hashesOf(bytes);
  while (hashes.length > 32) {
    const level = Buffer.alloc(Math.ceil(hashes.length / BLOCK) * BLOCK);
    level.set(hashes);
    levels.unshift(level);
    hashes = hashesOf(level);
  }
  const head = Buffer.alloc(BLOCK);
  head.set([1, 1, 12]);
  head.writeBigUInt64LE(BigInt(bytes.length), 8);
  head.set(hashes, 16);
  const digest = sha256(head.subarray(0, 256)).toString("hex");
  return {
    sidecar: Buffer.concat([head, ...levels]),
    digest: `sha256:${digest}`,
  };
}

/** Returns the hashes of the blocks, of which the last is padded. */
function hashesOf(bytes: Uint8Array): Buffer {
  const hashes: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += BLOCK) {
    const block = bytes.subarray(at, at + BLOCK);
    hashes.push(
      sha256(
        block.length === BLOCK
          ? block
          : Buffer.concat([block, Buffer.alloc(BLOCK - block.length)]),
      ),
    );
  }
  return Buffer.concat(hashes);
}

function sha256(bytes: Uint8Array): Buffer {
  return createHash("sha256").update(bytes).digest();
}
