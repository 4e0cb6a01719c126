import assert from "node:assert/strict";
import { test } from "node:test";
import type { FieldValue } from "./device_fields.ts";
import { FieldCursor } from "./vmdesc_cursor.ts";
import { scalarReader } from "./vmdesc_scalar.ts";

const ONES = new Array<number>(8).fill(0xff);
const KNOWN: readonly (readonly [string, readonly number[], FieldValue])[] = [
  ["int8", [0xfe], -2],
  ["uint8", [0xfe], 0xfe],
  ["int16", [0x80, 1], -0x7fff],
  ["uint16 equal", [0x80, 1], 0x8001],
  ["int32 le", [0x80, 0, 0, 1], -0x7fff_ffff],
  ["uint32", [0x80, 0, 0, 1], 0x8000_0001],
  ["int64", ONES, -1n],
  ["uint64", ONES, 0xffff_ffff_ffff_ffffn],
  ["bool", [0], false],
  ["bool", [1], true],
  ["bool", [2], true],
  ["timer", [0, 0, 0, 0, 0, 0, 1, 2], 0x102n],
  ["timer", ONES.with(0, 0x80), 0x80ff_ffff_ffff_ffffn],
  ["timer", ONES, null],
  ["nullptr", [0x30], null],
  ["capability", [0], ""],
  ["capability", [2, 0x61, 0xe9], "aé"],
];

/** Reads a field that consists of those bytes. */
function read(type: string, bytes: Uint8Array): FieldValue {
  const cursor = new FieldCursor(bytes);
  const value = scalarReader(type, bytes.length).read(cursor);
  assert.equal(cursor.remaining, 0);
  return value;
}

for (const [type, bytes, value] of KNOWN) {
  test(`scalarReader() reads ${type} of ${bytes.join(" ")}`, () => {
    assert.equal(read(type, Uint8Array.from(bytes)), value);
  });
}

test("scalarReader() returns bytes for a value that does not match a known type", () => {
  const odd: readonly (readonly [string, readonly number[]])[] = [
    ["int8", [1, 2]],
    ["uint16", [1]],
    ["int64", []],
    ["int128", [1]],
    ["xint8", [1]],
    ["int8 ge", [1]],
    ["bool", [0, 0]],
    ["bool", []],
    ["timer", [0xff]],
    ["timer", [...ONES, 0xff]],
    ["nullptr", [0]],
    ["nullptr", [0x30, 0]],
    ["nullptr", []],
    ["capability", []],
    ["capability", [2, 0x61]],
    ["capability", [0, 0x61]],
    ["buffer", [1]],
  ];
  for (const [type, numbers] of odd) {
    const bytes = Uint8Array.from(numbers);
    assert.deepEqual(read(type, bytes), bytes, `${type} of ${numbers}`);
  }
});
