import assert from "node:assert/strict";
import { test } from "node:test";
import {
  type BitmapOrder,
  DEFAULT_BITMAP_ORDER,
  toLsb0,
} from "./bitmap_order.ts";
import { PageBitmap } from "./page_bitmap.ts";

/** The byte that holds page n, by the formula of SPEC 5.1. */
function byteOf(page: number, { byteOrder, wordSize }: BitmapOrder): number {
  return byteOrder === "little" ? page >> 3 : (page >> 3) ^ (wordSize - 1);
}

for (const byteOrder of ["little", "big"] as const) {
  for (const wordSize of [4, 8] as const) {
    test(`toLsb0() converts ${byteOrder}-endian words of ${wordSize} bytes`, () => {
      const order = { byteOrder, wordSize };
      for (let page = 0; page < 192; page++) {
        const bytes = new Uint8Array(24);
        bytes[byteOf(page, order)] = 1 << (page & 7);
        const asWritten = bytes.slice();
        toLsb0(bytes, order);
        assert.deepEqual(
          [...new PageBitmap(192, bytes).runs()],
          [{ first: page, end: page + 1 }],
        );
        toLsb0(bytes, order); // its own inverse
        assert.deepEqual(bytes, asWritten);
      }
    });
  }
}

test("DEFAULT_BITMAP_ORDER leaves bytes as they are", () => {
  const bytes = new Uint8Array([1, 2, 3, 4, 5, 6, 7, 8]);
  toLsb0(bytes, DEFAULT_BITMAP_ORDER);
  assert.deepEqual([...bytes], [1, 2, 3, 4, 5, 6, 7, 8]);
});
