import assert from "node:assert/strict";
import { test } from "node:test";
import {
  alignUp,
  bitmapByteLength,
  guessEntryOffsets,
  pageCountOf,
  pageOffset,
  pagesOffsetAfter,
} from "./layout.ts";

const MIB = 0x100000;

test("alignUp() returns the smallest multiple that is not less", () => {
  for (const [value, expected] of [[0, 0], [1, 8], [8, 8], [9, 16]]) {
    assert.equal(alignUp(value, 8), expected);
  }
  assert.equal(alignUp(2 ** 50 + 1, MIB), 2 ** 50 + MIB);
});

test("bitmapByteLength() counts whole words", () => {
  const pages = [0, 1, 32, 33, 64, 65, 2 ** 28];
  assert.deepEqual(pages.map((it) => bitmapByteLength(it)), [
    ...[0, 8, 8, 8, 8, 16],
    2 ** 25,
  ]);
  assert.deepEqual(pages.map((it) => bitmapByteLength(it, 4)), [
    ...[0, 4, 4, 8, 8, 12],
    2 ** 25,
  ]);
});

test("pageCountOf() counts whole pages", () => {
  assert.equal(pageCountOf(0x102000, 0x1000), 258);
  assert.equal(pageCountOf(0x102fff, 0x1000), 258);
  assert.equal(pageCountOf(0, 0x1000), 0);
});

test("pageOffset() is exact for large RAM", () => {
  const block = { pagesOffset: 0x100000, pageSize: 0x1000 };
  assert.equal(pageOffset(block, 3), 0x103000);
  assert.equal(pageOffset(block, 2 ** 40 - 1), 2 ** 52 - 0x1000 + 0x100000);
});

test("pagesOffsetAfter() returns the next MiB", () => {
  assert.equal(pagesOffsetAfter(0x99), MIB);
  assert.equal(pagesOffsetAfter(MIB), MIB);
  assert.equal(pagesOffsetAfter(MIB + 1), 2 * MIB);
});

test("guessEntryOffsets() guesses offsets after the entry, in order", () => {
  const guesses = guessEntryOffsets(0x63);
  assert(guesses.includes(MIB + 0x20000)); // a ROM of 128 KiB
  assert(guesses.every((it) => it > 0x63));
  assert.deepEqual(guesses, guesses.toSorted((a, b) => a - b));
  assert.equal(new Set(guesses).size, guesses.length);
});
