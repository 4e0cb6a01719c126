import { bitmapByteLength, PageBitmap } from "../format/mod.ts";

/** Turns the number of a bit into its place in a word of a big-endian machine. */
const SWAP = new Uint8Array(new Uint32Array([1]).buffer)[0] === 1 ? 0 : 24;

/**
 * A bitmap that several threads can set bits of, through its
 * {@linkcode sharedWords}. Where the runtime shares no memory, as in a web page
 * without isolation, it is an ordinary one.
 */
export function sharedBitmap(pageCount: number): PageBitmap {
  const length = bitmapByteLength(pageCount);
  const bytes = typeof SharedArrayBuffer === "undefined"
    ? new Uint8Array(length)
    : new Uint8Array(new SharedArrayBuffer(length));
  return new PageBitmap(pageCount, bytes);
}

/**
 * The words of a bitmap, which are atomic. Its bytes are not: Bun 1.4 loses bits
 * that `Atomics.or` sets in a `Uint8Array`.
 */
export function sharedWords({ bytes }: PageBitmap): Int32Array {
  const { buffer, byteOffset, byteLength } = bytes;
  return new Int32Array(buffer, byteOffset, Math.floor(byteLength / 4));
}

/** Sets a bit, whatever other threads do to the bits beside it. */
export function setBit(words: Int32Array, index: number): void {
  Atomics.or(words, Math.floor(index / 32), 1 << ((index & 31) ^ SWAP));
}

/** Clears a bit, whatever other threads do to the bits beside it. */
export function clearBit(words: Int32Array, index: number): void {
  Atomics.and(words, Math.floor(index / 32), ~(1 << ((index & 31) ^ SWAP)));
}
