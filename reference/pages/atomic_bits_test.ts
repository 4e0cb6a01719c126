import assert from "node:assert/strict";
import { test } from "node:test";
import {
  clearBit,
  clearBits,
  setBit,
  setBits,
  sharedBitmap,
  sharedWords,
} from "./atomic_bits.ts";

test("setBit() and clearBit() lose no bit, even after JIT compilation", () => {
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

test("setBits() and clearBits() change only the given bits", () => {
  const bitmap = sharedBitmap(200);
  const words = sharedWords(bitmap);
  const runs = [[0, 0], [0, 1], [3, 3], [5, 31], [31, 33], [32, 64], [1, 64]];
  runs.push([33, 63], [30, 130], [64, 200], [0, 200], [199, 200]);
  for (const [first, end] of runs) {
    for (const [change, before] of [[setBits, 0], [clearBits, 0xff]] as const) {
      bitmap.bytes.fill(before);
      change(words, first, end);
      for (let index = 0; index < bitmap.pageCount; index++) {
        const isChanged = index >= first && index < end;
        assert.equal(bitmap.isSet(index), (before !== 0) !== isChanged);
      }
    }
  }
});
