import { bitmapByteLength, PageBitmap } from "../../format/bitmap/mod.ts";

/** XORed with a bit number to get its place in a big-endian machine's word. */
const SWAP = new Uint8Array(new Uint32Array([1]).buffer)[0] === 1 ? 0 : 24;

/**
 * Creates a bitmap whose bits several threads can set, through its
 * {@linkcode sharedWords}. If the runtime has no shared memory, as in a web page
 * without isolation, the bitmap is not shared.
 */
export function sharedBitmap(pageCount: number): PageBitmap {
  const length = bitmapByteLength(pageCount);
  const bytes = typeof SharedArrayBuffer === "undefined"
    ? new Uint8Array(length)
    : new Uint8Array(new SharedArrayBuffer(length));
  return new PageBitmap(pageCount, bytes);
}

/**
 * Returns the words of a bitmap for atomic access. Bytes would not do: Bun 1.4
 * loses bits that `Atomics.or` sets in a `Uint8Array`.
 */
export function sharedWords({ bytes }: PageBitmap): Int32Array {
  const { buffer, byteOffset, byteLength } = bytes;
  return new Int32Array(buffer, byteOffset, Math.floor(byteLength / 4));
}

/** Sets a bit, even if other threads change adjacent bits at the same time. */
export function setBit(words: Int32Array, index: number): void {
  Atomics.or(words, Math.floor(index / 32), 1 << ((index & 31) ^ SWAP));
}

/**
 * Clears a bit, even if other threads change adjacent bits at the same time.
 * Returns whether it was set.
 */
export function clearBit(words: Int32Array, index: number): boolean {
  const bit = 1 << ((index & 31) ^ SWAP);
  return (Atomics.and(words, Math.floor(index / 32), ~bit) & bit) !== 0;
}

/** Sets the bits from `first` up to, not including, `end`, as `setBit` does. */
export function setBits(words: Int32Array, first: number, end: number): void {
  const [from, to] = wholeWords(first, end);
  for (let index = first; index < from; index++) setBit(words, index);
  for (let it = from; it < to; it += 32) Atomics.store(words, it / 32, -1);
  for (let index = to; index < end; index++) setBit(words, index);
}

/** Clears the bits from `first` up to, not including, `end`, as `clearBit`. */
export function clearBits(words: Int32Array, first: number, end: number): void {
  const [from, to] = wholeWords(first, end);
  for (let index = first; index < from; index++) clearBit(words, index);
  for (let it = from; it < to; it += 32) Atomics.store(words, it / 32, 0);
  for (let index = to; index < end; index++) clearBit(words, index);
}

/** Returns the part of the bits that fills whole words. */
function wholeWords(first: number, end: number): readonly [number, number] {
  const from = Math.ceil(first / 32) * 32;
  const to = Math.floor(end / 32) * 32;
  return from < to ? [from, to] : [end, end];
}
