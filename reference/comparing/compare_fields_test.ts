import assert from "node:assert/strict";
import { test } from "node:test";
import type {
  DeviceField,
  DeviceStruct,
  FieldValue,
} from "../../format/vmdesc/mod.ts";
import { compareStructs } from "./compare_fields.ts";

/** Makes a structure of fields and subsections. */
function struct(
  values: Readonly<Record<string, FieldValue>>,
  { name = "s", version = 1, subsections = [] }: Partial<DeviceStruct> = {},
): DeviceStruct {
  const fields = Object.entries(values).map(([name, value]): DeviceField => ({
    ...{ name, value, type: typeof value, offset: 0, size: 1 },
  }));
  return { name, version, fields, subsections };
}

function lines(a: DeviceStruct, b: DeviceStruct): unknown[] {
  return [...compareStructs(a, b)].map((it) => [it.field, it.a, it.b]);
}

test("compareStructs() compares values of every kind", () => {
  const bytes = (...values: number[]) => Uint8Array.from(values);
  const values = {
    flag: true,
    small: 1,
    large: 2n ** 63n,
    text: "a",
    timer: null,
    buffer: bytes(1, 2),
    regs: [1, 2, 3],
    nested: [struct({ x: 1 }), struct({ x: 2, y: bytes(0) })],
  };
  assert.deepEqual(lines(struct(values), struct(structuredClone(values))), []);
  const other = {
    flag: false,
    small: 2,
    large: 2n ** 63n + 1n,
    text: "b",
    timer: 5n,
    buffer: bytes(1, 3),
    regs: [1, 7, 3, 4],
    nested: [struct({ x: 1 }), struct({ x: 3, y: bytes(0, 0) })],
  };
  assert.deepEqual(lines(struct(values), struct(other)), [
    ["flag", true, false],
    ["small", 1, 2],
    ["large", 2n ** 63n, 2n ** 63n + 1n],
    ["text", "a", "b"],
    ["timer", null, 5n],
    ["buffer", bytes(1, 2), bytes(1, 3)],
    ["regs[1]", 2, 7],
    ["regs[3]", undefined, 4],
    ["nested[1]/x", 2, 3],
    ["nested[1]/y", bytes(0), bytes(0, 0)],
  ]);
});

test("compareStructs() names fields and subsections that one of them has", () => {
  const sub = struct({ z: 1 }, { name: "s/sub" });
  const a = struct({ x: 1 }, { subsections: [sub] });
  const b = struct({ y: 2 }, { version: 2 });
  assert.deepEqual(lines(a, b), [
    ["version", 1, 2],
    ["x", 1, undefined],
    ["y", undefined, 2],
    ["s/sub", sub, undefined],
  ]);
  const other = struct({ z: 2 }, { name: "s/sub" });
  const c = struct({ x: 1 }, { subsections: [other] });
  assert.deepEqual(lines(a, c), [["s/sub/z", 1, 2]]);
});
