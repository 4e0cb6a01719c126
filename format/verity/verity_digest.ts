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

/** Returns the bytes that hexadecimal digits stand for. */
export function hexBytes(digits: string): Uint8Array {
  const bytes = new Uint8Array(digits.length / 2);
  for (let index = 0; index < bytes.length; index++) {
    const pair = digits.slice(2 * index, 2 * index + 2);
    bytes[index] = Number.parseInt(pair, 16);
  }
  return bytes;
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
