import { bitmapByteLength, PageBitmap } from "../../format/bitmap/mod.ts";

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

/**
 * Clears a bit, whatever other threads do to the bits beside it. Returns whether
 * it was set.
 */
export function clearBit(words: Int32Array, index: number): boolean {
  const bit = 1 << ((index & 31) ^ SWAP);
  return (Atomics.and(words, Math.floor(index / 32), ~bit) & bit) !== 0;
}

/** Sets the bits from `first` up to, not including, `end`: {@linkcode setBit}. */
export function setBits(words: Int32Array, first: number, end: number): void {
  const [from, to] = wholeWords(first, end);
  for (let index = first; index < from; index++) setBit(words, index);
  for (let it = from; it < to; it += 32) Atomics.store(words, it / 32, -1);
  for (let index = to; index < end; index++) setBit(words, index);
}

/** Clears them: {@linkcode clearBit}. */
export function clearBits(words: Int32Array, first: number, end: number): void {
  const [from, to] = wholeWords(first, end);
  for (let index = first; index < from; index++) clearBit(words, index);
  for (let it = from; it < to; it += 32) Atomics.store(words, it / 32, 0);
  for (let index = to; index < end; index++) clearBit(words, index);
}

/** The part of the bits in words of which no other thread has one. */
function wholeWords(first: number, end: number): readonly [number, number] {
  const from = Math.ceil(first / 32) * 32;
  const to = Math.floor(end / 32) * 32;
  return from < to ? [from, to] : [end, end];
}
