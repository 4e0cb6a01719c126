/** Bytes of the parts of a {@linkcode memoryBytes}. */
const PART = 0x1000;

/** Makes numbers from 0 to 2^32, the same ones for a seed. */
export function numbers(seed: number): () => number {
  let state = seed >>> 0 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>>= 0;
  };
}

/**
 * Returns bytes like those of a guest: zeros, text that compresses, and random
 * bytes that do not, in runs of pages.
 */
export function memoryBytes(byteLength: number, seed = 1): Uint8Array {
  const next = numbers(seed);
  const bytes = new Uint8Array(byteLength);
  const words = new TextEncoder().encode("page of a guest, ".repeat(300));
  for (let at = 0; at < byteLength;) {
    const kind = next() % 3;
    const end = Math.min(byteLength, at + (1 + next() % 40) * PART);
    for (; at < end; at += PART) {
      const part = bytes.subarray(at, Math.min(end, at + PART));
      if (kind === 1) {
        part.set(words.subarray(next() % 900).subarray(0, part.length));
      }
      if (kind === 2) {
        for (let it = 0; it < part.length; it++) part[it] = next();
      }
    }
  }
  return bytes;
}
