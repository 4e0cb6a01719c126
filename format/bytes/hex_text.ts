/** Returns bytes as hexadecimal digits, two for each. */
export function hexText(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += byte.toString(16).padStart(2, "0");
  return text;
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
