/**
 * How the host that wrote a file stored the words of a bitmap. QEMU writes its
 * `unsigned long` array as it is, and nothing in the file says which order that
 * is (SPEC 5.1).
 */
export interface BitmapOrder {
  /** Byte order of the words. Default: `"little"`. */
  readonly byteOrder: "little" | "big";
  /** Bytes of a word: 8, or 4 for a 32-bit host. Default: 8. */
  readonly wordSize: 4 | 8;
}

/** The order of all hosts that QEMU commonly runs on. */
export const DEFAULT_BITMAP_ORDER: BitmapOrder = {
  byteOrder: "little",
  wordSize: 8,
};

/** Converts whole words of a bitmap to LSB 0 order, in place. */
export function toLsb0(bytes: Uint8Array, order: BitmapOrder): void {
  if (order.byteOrder === "little") return;
  for (let word = 0; word < bytes.length; word += order.wordSize) {
    bytes.subarray(word, word + order.wordSize).reverse();
  }
}
