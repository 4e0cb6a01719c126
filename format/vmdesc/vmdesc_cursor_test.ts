import assert from "node:assert/strict";
import { test } from "node:test";
import { integerType } from "../bytes/integer_type.ts";
import { FieldCursor } from "./vmdesc_cursor.ts";

/** Two integers of each size after the byte 1 of {@linkcode cursorOver}. */
const KNOWN: readonly (readonly [string, readonly (number | bigint)[]])[] = [
  ["uint8", [2, 3]],
  ["int16", [0x0203, 0x0405]],
  ["uint32", [0x02030405, 0x06070809]],
  ["int64", [0x0203040506070809n, 0x0a0b0c0d0e0f1011n]],
];

/**
 * Makes a cursor over the bytes 1, 2, 3 and so on, not at the start of a
 * buffer.
 */
function cursorOver(length: number): FieldCursor {
  const all = Uint8Array.from({ length: length + 3 }, (_, at) => at - 2);
  return new FieldCursor(all.subarray(3));
}

test("FieldCursor reads numbers and bytes, the most significant first", () => {
  const cursor = cursorOver(20);
  assert.equal(cursor.u8(), 1);
  assert.equal(cursor.be32(), 0x02030405);
  assert.equal(cursor.be64(), 0x060708090a0b0c0dn);
  assert.deepEqual(cursor.bytes(2), Uint8Array.from([14, 15]));
  assert.deepEqual([cursor.position, cursor.remaining], [15, 5]);
  assert.deepEqual(cursor.bytes(0), new Uint8Array(0));
  assert.deepEqual(cursor.bytes(5), Uint8Array.from([16, 17, 18, 19, 20]));
  assert.equal(cursor.remaining, 0);
  const texts = new FieldCursor(Uint8Array.from([2, 0x61, 0xe9, 0]));
  assert.equal(texts.countedString(), "aé");
  assert.equal(texts.countedString(), "");
  assert.throws(() => texts.countedString(), RangeError);
});

test("FieldCursor refuses to read past the end", () => {
  const reads: readonly [number, (cursor: FieldCursor) => unknown][] = [
    [1, (it) => it.u8()],
    [4, (it) => it.be32()],
    [8, (it) => it.be64()],
    [3, (it) => it.bytes(3)],
    [2, (it) => it.countedString()],
  ];
  for (const [length, read] of reads) {
    read(cursorOver(length));
    const short = cursorOver(length - 1);
    assert.throws(() => read(short), RangeError);
  }
});

test("FieldCursor reads one integer, or many in a row", () => {
  for (const [name, expected] of KNOWN) {
    const type = integerType(name);
    assert(type !== undefined);
    const cursor = cursorOver(1 + 2 * type.size);
    assert.equal(cursor.u8(), 1);
    assert.equal(cursor.integer(type), expected[0], name);
    assert.deepEqual([cursor.position, cursor.remaining], [
      1 + type.size,
      type.size,
    ]);
    assert.deepEqual(cursor.integers(0, type), []);
    assert.deepEqual(cursor.integers(1, type), [expected[1]], name);
    assert.equal(cursor.remaining, 0);
    const again = cursorOver(1 + 2 * type.size);
    again.u8();
    assert.throws(() => again.integers(3, type), RangeError);
    assert.equal(again.position, 1);
    assert.deepEqual(again.integers(2, type), expected, name);
    assert.throws(() => again.integer(type), RangeError);
  }
});

test("within() confines reads to a part, and reports whether all of it was read", () => {
  const cursor = cursorOver(10);
  cursor.u8();
  assert.equal(cursor.within(4, () => cursor.be32()), 0x02030405);
  assert.equal(cursor.within(2, () => cursor.u8()), undefined);
  assert.deepEqual([cursor.position, cursor.remaining], [6, 4]);
  assert.throws(() => cursor.within(3, () => cursor.be32()), RangeError);
  // After a failure the end is that of the whole state again.
  assert.equal(cursor.remaining, 4);
  assert.equal(cursor.within(4, () => cursor.be32()), 0x0708090a);
  assert.throws(() => cursor.within(1, () => 0), RangeError);
});
