/**
 * How the host that wrote a file kept the words of a bitmap. QEMU writes its
 * own `unsigned long` array, and nothing in the file tells which (SPEC 5.1).
 */
export interface BitmapOrder {
  /** Byte order of the words. Default: `"little"`. */
  readonly byteOrder: "little" | "big";
  /** Bytes of a word: 8, or 4 for a 32-bit host. Default: 8. */
  readonly wordSize: 4 | 8;
}

/** The order of every host that QEMU is commonly run on. */
export const DEFAULT_BITMAP_ORDER: BitmapOrder = {
  byteOrder: "little",
  wordSize: 8,
};

/** Brings whole words of a bitmap into LSB 0 order, in place. */
export function toLsb0(bytes: Uint8Array, order: BitmapOrder): void {
  if (order.byteOrder === "little") return;
  for (let word = 0; word < bytes.length; word += order.wordSize) {
    bytes.subarray(word, word + order.wordSize).reverse();
  }
}
