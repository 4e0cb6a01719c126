import assert from "node:assert/strict";
import { test } from "node:test";
import { clearBit, setBit, sharedBitmap, sharedWords } from "./shared_bits.ts";

test("setBit() and clearBit() lose no bit, also when compiled", () => {
  const bitmap = sharedBitmap(1 << 20);
  const words = sharedWords(bitmap);
  const wanted = (index: number) => index * 7 % 13 < 6;
  for (const before of [0, 0xff]) {
    bitmap.bytes.fill(before);
    for (let index = 0; index < bitmap.pageCount; index++) {
      (wanted(index) ? setBit : clearBit)(words, index);
    }
    let wrong = 0;
    for (let index = 0; index < bitmap.pageCount; index++) {
      if (bitmap.isSet(index) !== wanted(index)) wrong++;
    }
    assert.equal(wrong, 0);
  }
});
