import { hexBytes, hexText } from "../bytes/mod.ts";

const PREFIX = "sha256:";
const PATTERN = /^sha256:[0-9a-f]{64}$/;

/** Returns a digest as `fsverity digest` prints it: `sha256:` and 64 digits. */
export function verityDigestText(hash: Uint8Array): string {
  return PREFIX + hexText(hash);
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
  return hexBytes(text.slice(PREFIX.length));
}
