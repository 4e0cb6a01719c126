import { HASH_LENGTH } from "./verity_format.ts";

const PREFIX = "sha256:";
const PATTERN = /^sha256:[0-9a-f]{64}$/;

/** Returns a digest as `fsverity digest` prints it: `sha256:` and 64 digits. */
export function verityDigestText(hash: Uint8Array): string {
  return PREFIX + hexText(hash);
}

/** Returns bytes as hexadecimal digits. */
export function hexText(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0"))
    .join("");
}

/**
 * Returns the hash in a digest.
 *
 * @throws {RangeError} if it is not `sha256:` and 64 lowercase digits
 */
export function parseVerityDigest(text: string): Uint8Array {
  if (!PATTERN.test(text)) {
    throw new RangeError(
      `Cannot use the digest ${JSON.stringify(text)}: expected "sha256:" and ` +
        "64 lowercase hexadecimal digits, as `fsverity digest` prints",
    );
  }
  const hash = new Uint8Array(HASH_LENGTH);
  for (let index = 0; index < HASH_LENGTH; index++) {
    const at = PREFIX.length + 2 * index;
    hash[index] = Number.parseInt(text.slice(at, at + 2), 16);
  }
  return hash;
}
