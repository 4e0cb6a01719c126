import assert from "node:assert/strict";
import { test } from "node:test";
import { integerType } from "./integer_type.ts";

test("integerType() knows QEMU's integers, with and without a check", () => {
  const sizes = { int8: 1, uint8: 1, int16: 2, uint16: 2, int32: 4, uint32: 4 };
  for (
    const [name, size] of Object.entries({ ...sizes, int64: 8, uint64: 8 })
  ) {
    for (const type of [name, `${name} equal`, `${name} le`]) {
      assert.equal(integerType(type)?.size, size, type);
    }
  }
  const others = ["", "int", "int24", "xint8", "int8 ge", "int8 equal le"];
  for (const type of [...others, "int8  le", "int8 equal ", "toString"]) {
    assert.equal(integerType(type), undefined, type);
  }
});

test("integerType() reads signed and unsigned integers, big-endian", () => {
  const bytes = Uint8Array.from([0xff, 0x80, 0, 0, 0, 0, 0, 0, 1]);
  const view = new DataView(bytes.buffer);
  const cases: readonly (readonly [string, number | bigint])[] = [
    ["int8", -0x80],
    ["uint8", 0x80],
    ["int16", -0x8000],
    ["uint16", 0x8000],
    ["int32", -0x8000_0000],
    ["uint32", 0x8000_0000],
    ["int64", -(2n ** 63n) + 1n],
    ["uint64", 2n ** 63n + 1n],
  ];
  for (const [type, value] of cases) {
    assert.equal(integerType(type)?.read(view, 1), value, type);
  }
});
