/** The hexadecimal digits, as ASCII. */
export const HEX_DIGITS = new TextEncoder().encode("0123456789abcdef");

/** Writes bytes in hexadecimal to the start of `target`; returns that part. */
export function encodeHex(bytes: Uint8Array, target: Uint8Array): Uint8Array {
  for (let index = 0; index < bytes.length; index++) {
    target[2 * index] = HEX_DIGITS[bytes[index] >> 4];
    target[2 * index + 1] = HEX_DIGITS[bytes[index] & 15];
  }
  return target.subarray(0, 2 * bytes.length);
}
