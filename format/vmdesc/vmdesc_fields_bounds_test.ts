import assert from "node:assert/strict";
import { test } from "node:test";
import { ByteWriter } from "../bytes/byte_writer.ts";
import { decode, scalar, values } from "../testing/device_fields.ts";
import type { FieldValue } from "./device_fields.ts";
import { decodeDevice } from "./vmdesc_fields.ts";
import { JsonObject } from "./vmdesc_json.ts";

test("decodeDevice() joins many elements in linear time", () => {
  const count = 300_000;
  const element = scalar("x", "uint8", 1, ',"index":1');
  const fields = `[${new Array(count).fill(element).join(",")}]`;
  const state = new ByteWriter().bytes(new Uint8Array(count).fill(3));
  const found = values(decode(fields, state)).x as number[];
  assert.equal(found.length, count);
  const short = scalar("x", "uint8", 1, ',"array_len":1');
  const arrays = `[${new Array(count).fill(short).join(",")}]`;
  const joined = values(decode(arrays, state)).x as number[];
  assert.equal(joined.length, count);
});

test("decodeDevice() returns bytes past the limit on values", () => {
  const count = 0x200000 + 100;
  const fields = `[${scalar("x", "uint8", 1, `,"array_len":${count}`)}]`;
  const state = new ByteWriter().bytes(new Uint8Array(count).fill(3));
  const found = values(decode(fields, state)).x as FieldValue[];
  const rest = found.at(-1);
  assert(rest instanceof Uint8Array);
  assert.equal(found.length - 1 + rest.length, count);
  assert.equal(rest.length, 100);
});

test("decodeDevice() limits the values of all arrays of a device together", () => {
  const array = (name: string, count: number) =>
    scalar(name, "uint8", 1, `,"array_len":${count}`);
  const bytes = (count: number) =>
    new ByteWriter().bytes(new Uint8Array(count).fill(3));
  const halves = `[${array("x", 0x100000)},${array("y", 0x100000 - 1)}]`;
  const { x, y } = values(decode(halves, bytes(0x200000 - 1)));
  for (const found of [x, y] as FieldValue[][]) {
    assert(found.every((it) => it === 3));
  }
  assert.equal((y as FieldValue[]).length, 0x100000 - 1);
  // One more exceeds the limit: it is the bytes of an element.
  const over = `[${array("x", 0x100000)},${array("y", 0x100000)}]`;
  const second = values(decode(over, bytes(0x200000))).y as FieldValue[];
  assert.equal(second.length, 0x100000);
  assert.deepEqual(second.slice(-2), [3, Uint8Array.from([3])]);
});

test("decodeDevice() limits what takes no byte of the state, too", () => {
  const many = (text: string) => new Array(10_000).fill(text).join(",");
  const last = scalar("y", "uint8", 1);
  const inStruct = (fields: string) =>
    `"struct":{"vmsd_name":"s","version":1,"fields":[${fields}]}`;
  const group = '"vmsd_name":"s","version":1,"fields":[]';
  const lastGroup = `"vmsd_name":"s","version":1,"fields":[${last}]`;
  for (
    const contents of [
      inStruct(`${many(scalar("x", "uint8", 0, ',"array_len":1'))},${last}`),
      inStruct(`${many(scalar("x", "uint8", 1, ',"array_len":0'))},${last}`),
      `${many(group)},${lastGroup}`,
    ]
  ) {
    const count = 300;
    const fields =
      `[{"name":"a","type":"struct","size":1,"array_len":${count},${contents}}]`;
    const state = new ByteWriter().bytes(new Uint8Array(count));
    const found = values(decode(fields, state)).a as FieldValue[];
    const rest = found.at(-1);
    assert(rest instanceof Uint8Array);
    assert.equal(found.length - 1 + rest.length, count);
    assert(rest.length > 50, `${rest.length}`);
  }
});

test("decodeDevice() looks up the members of a subsection once", () => {
  let lookups = 0;
  class CountingObject extends JsonObject {
    override get(key: string) {
      lookups++;
      return super.get(key);
    }
  }
  const struct = (name: string, subsections: JsonObject[]) =>
    [["vmsd_name", name], ["fields", []], [
      "subsections",
      subsections,
    ]] as const;
  const counts = [1, 100].map((count) => {
    lookups = 0;
    const subsection = new CountingObject(struct("q", []));
    const field = new JsonObject([
      ...[["name", "a"], ["type", "struct"], ["size", 7]] as const,
      ...[["array_len", count]] as const,
      ["struct", new JsonObject(struct("s", [subsection]))],
    ]);
    const device = new JsonObject([["vmsd_name", "dev"], ["fields", [field]]]);
    const state = new ByteWriter();
    for (let at = 0; at < count; at++) state.u8(5).countedString("q").be32(1);
    const found = decodeDevice(device, state.finish());
    assert.equal((found?.fields[0].value as FieldValue[]).length, count);
    return lookups;
  });
  assert.equal(counts[0], counts[1]);
});

test("decodeDevice() follows structures 32 deep, and no deeper", () => {
  const subsection = (depth: number): string =>
    `{"vmsd_name":"s","version":1,"fields":[],"subsections":[${
      depth > 1 ? subsection(depth - 1) : ""
    }]}`;
  const state = (depth: number) => {
    const writer = new ByteWriter();
    for (let at = 0; at < depth; at++) writer.u8(5).countedString("s").be32(1);
    return writer;
  };
  assert.equal(decode("[]", state(33), `[${subsection(33)}]`), undefined);
  let struct = decode("[]", state(32), `[${subsection(32)}]`);
  for (let depth = 0; depth < 32; depth++) struct = struct?.subsections[0];
  assert.equal(struct?.name, "s");

  const nested = (depth: number): string =>
    `{"name":"f","type":"struct","size":1,"struct":{"vmsd_name":"s",` +
    `"version":1,"fields":[${
      depth > 1 ? nested(depth - 1) : scalar("x", "uint8", 1)
    }]}}`;
  const innermost = (depth: number): FieldValue => {
    const found = decode(`[${nested(depth)}]`, new ByteWriter().u8(7));
    let value: FieldValue = found?.fields[0].value ?? null;
    while (value instanceof Object && "fields" in value) {
      value = value.fields[0].value;
    }
    return value;
  };
  assert.equal(innermost(32), 7);
  // A structure that is too deep stays bytes, and the rest is decoded.
  assert.deepEqual(innermost(33), new Uint8Array([7]));

  const list = (depth: number): string =>
    `{"name":"l","type":"tmp","size":1,"vmsd_name":"s","version":1,` +
    `"fields":[${depth > 1 ? list(depth - 1) : scalar("x", "uint8", 1)}]}`;
  const inList = (depth: number): FieldValue => {
    const found = decode(`[${list(depth)}]`, new ByteWriter().u8(7));
    let value: FieldValue = found?.fields[0].value ?? null;
    while (value instanceof Object && "fields" in value) {
      value = value.fields[0].value;
    }
    return value;
  };
  assert.equal(inList(32), 7);
  assert.deepEqual(inList(33), new Uint8Array([7]));
});
