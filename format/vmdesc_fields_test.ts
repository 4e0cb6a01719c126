import assert from "node:assert/strict";
import { test } from "node:test";
import { ByteWriter } from "./byte_writer.ts";
import {
  decodeDevice,
  type DeviceStruct,
  type FieldValue,
} from "./vmdesc_fields.ts";
import { JsonObject, parseJson } from "./vmdesc_json.ts";

/** Decodes a device of these fields, given as JSON. */
function decode(
  fields: string,
  state: ByteWriter,
  subsections = "[]",
): DeviceStruct | undefined {
  const text = `{"name":"dev","instance_id":0,"vmsd_name":"dev","version":3,` +
    `"fields":${fields},"subsections":${subsections}}`;
  const description = parseJson(text);
  assert(description instanceof JsonObject);
  return decodeDevice(description, state.finish());
}

/** The values by name. */
function values(struct: DeviceStruct | undefined): Record<string, FieldValue> {
  assert(struct !== undefined, "the whole did not fit");
  return Object.fromEntries(struct.fields.map((it) => [it.name, it.value]));
}

const scalar = (name: string, type: string, size: number, more = "") =>
  `{"name":"${name}","type":"${type}","size":${size}${more}}`;

test("decodeDevice() reads each kind of scalar", () => {
  const state = new ByteWriter().u8(0x80).u8(0xff).be16(0xfffe)
    .be32(0xffff_ffff).be32(7).be64(0xffff_ffff_ffff_fff0n).be64(1n << 63n)
    .u8(1).u8(0).be64(5).be64(0xffff_ffff_ffff_ffffn).u8(0x30)
    .countedString("cap").bytes(new Uint8Array([1, 2, 3])).be32(9);
  const found = values(decode(
    `[${
      [
        scalar("i8", "int8", 1),
        scalar("u8", "uint8", 1),
        scalar("i16", "int16", 2),
        scalar("u32", "uint32 equal", 4),
        scalar("le", "int32 le", 4),
        scalar("i64", "int64", 8),
        scalar("u64", "uint64", 8),
        scalar("yes", "bool", 1),
        scalar("no", "bool", 1),
        scalar("timer", "timer", 8),
        scalar("none", "timer", 8),
        scalar("null", "nullptr", 1),
        scalar("cap", "capability", 4),
        scalar("bytes", "buffer", 3),
        scalar("odd", "uint64", 4),
      ].join(",")
    }]`,
    state,
  ));
  assert.deepEqual(found, {
    i8: -128,
    u8: 255,
    i16: -2,
    u32: 0xffff_ffff,
    le: 7,
    i64: -16n,
    u64: 1n << 63n,
    yes: true,
    no: false,
    timer: 5n,
    none: null,
    null: null,
    cap: "cap",
    bytes: new Uint8Array([1, 2, 3]),
    // Its size is not that of its type.
    odd: new Uint8Array([0, 0, 0, 9]),
  });
});

test("decodeDevice() joins an array that QEMU split, its last element without index", () => {
  const fields = `[${
    [
      scalar("a", "uint8", 1, ',"array_len":2'),
      scalar("a", "nullptr", 1),
      scalar("a", "uint8", 1, ',"index":3'),
      scalar("a", "uint8", 1),
      scalar("b", "uint8", 1),
      scalar("c", "uint8", 1, ',"index":0'),
      scalar("d", "uint8", 1, ',"array_len":0'),
    ].join(",")
  }]`;
  const state = new ByteWriter().u8(1).u8(2).u8(0x30).u8(4).u8(5).u8(6).u8(7);
  assert.deepEqual(values(decode(fields, state)), {
    a: [1, 2, null, 4, 5],
    b: 6,
    c: [7],
    d: [],
  });
});

test("decodeDevice() reads structures and subsections", () => {
  const inner = `"struct":{"vmsd_name":"in","version":1,"fields":[${
    scalar("x", "uint16", 2)
  }]}`;
  const struct = decode(
    `[{"name":"s","type":"struct",${inner},"size":2,"array_len":2}]`,
    new ByteWriter().be16(1).be16(2)
      .u8(5).countedString("dev/sub").be32(4).u8(9),
    `[{"vmsd_name":"dev/sub","version":4,"fields":[${
      scalar("y", "uint8", 1)
    }]}]`,
  );
  const elements = values(struct).s as DeviceStruct[];
  assert.deepEqual(elements.map((it) => values(it).x), [1, 2]);
  assert.deepEqual(
    struct?.subsections.map((it) => [it.name, it.version, values(it).y]),
    [["dev/sub", 4, 9]],
  );
});

test("decodeDevice() reads lists whose descriptions are repeated keys", () => {
  const entry = `"vmsd_name":"e","version":1,"fields":[${
    scalar("x", "uint8", 1)
  }]`;
  const xs = (value: FieldValue) =>
    (value as DeviceStruct[]).map((it) => values(it).x);
  const list = (type: string, entries: string, size: number) =>
    `{"name":"${type}","type":"${type}"${entries},"size":${size}}`;
  const tree = `,${entry},${entry}`;
  const state = new ByteWriter()
    .u8(1).u8(10).u8(1).u8(11).u8(0) // qtailq
    .u8(0) // qlist
    .u8(12) // tmp
    .be32(2).u8(1).be64(100).u8(13).u8(1).be64(101).u8(14).u8(0) // gtree
    .be32(0).u8(0); // gtree
  const found = values(decode(
    `[${
      [
        list("qtailq", tree, 5),
        list("qlist", "", 1),
        list("tmp", `,${entry}`, 1),
        list("gtree", tree, 4 + 20 + 1),
        scalar("empty", "gtree", 5),
      ].join(",")
    }]`,
    state,
  ));
  assert.deepEqual(xs(found.qtailq), [10, 11]);
  assert.deepEqual(found.qlist, []);
  assert.equal(values(found.tmp as DeviceStruct).x, 12);
  const entries = found.gtree as [bigint, DeviceStruct][];
  assert.deepEqual(entries.map(([key, it]) => [key, values(it).x]), [
    [100n, 13],
    [101n, 14],
  ]);
  assert.deepEqual(found.empty, []);
});

test("decodeDevice() gives bytes for a part that is not as described", () => {
  const struct = (size: number) =>
    `{"name":"s","type":"struct","struct":{"vmsd_name":"in","version":1,` +
    `"fields":[${scalar("x", "uint16", 2)}]},"size":${size}}`;
  const list = `{"name":"l","type":"qlist","vmsd_name":"e","version":1,` +
    `"fields":[${scalar("x", "uint8", 1)}],"size":3}`;
  for (
    const [field, bytes] of [
      [struct(3), [1, 2, 3]], // a byte is left
      [struct(1), [1]], // one is missing
      [list, [2, 1, 0]], // no byte 1 before the entry
      [list, [1, 1, 1]], // no byte 0 behind the last
    ] as const
  ) {
    const state = new ByteWriter().bytes(new Uint8Array(bytes)).u8(77);
    const fields = `[${field},${scalar("after", "uint8", 1)}]`;
    const found = values(decode(fields, state));
    assert.deepEqual(found.s ?? found.l, new Uint8Array(bytes));
    assert.equal(found.after, 77);
  }
});

test("decodeDevice() gives up where the whole is not as described", () => {
  const one = `[${scalar("x", "uint16", 2)}]`;
  assert.equal(decode(one, new ByteWriter().u8(1)), undefined);
  assert.equal(decode(one, new ByteWriter().be32(1)), undefined);
  assert.equal(decode('[{"name":"x"}]', new ByteWriter()), undefined);
  assert.equal(
    decode(`[${scalar("x", "buffer", -1)}]`, new ByteWriter()),
    undefined,
  );
  const huge = scalar("x", "uint8", 1, ',"array_len":9007199254740991');
  assert.equal(decode(`[${huge}]`, new ByteWriter().u8(1)), undefined);
  const nothing = scalar("x", "uint8", 0, ',"array_len":9007199254740991');
  assert.deepEqual(values(decode(`[${nothing}]`, new ByteWriter())).x, []);
});

test("decodeDevice() joins a million elements in time", () => {
  const count = 300_000;
  const element = scalar("x", "uint8", 1, ',"index":1');
  const fields = `[${new Array(count).fill(element).join(",")}]`;
  const state = new ByteWriter().bytes(new Uint8Array(count).fill(3));
  const found = values(decode(fields, state)).x as number[];
  assert.equal(found.length, count);
});

test("decodeDevice() leaves what would be too many values as bytes", () => {
  const count = 0x200000 + 100;
  const fields = `[${scalar("x", "uint8", 1, `,"array_len":${count}`)}]`;
  const state = new ByteWriter().bytes(new Uint8Array(count).fill(3));
  const found = values(decode(fields, state)).x as FieldValue[];
  const rest = found.at(-1);
  assert(rest instanceof Uint8Array);
  assert.equal(found.length - 1 + rest.length, count);
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
  // What is too deep stays bytes, and the rest is read.
  assert.deepEqual(innermost(33), new Uint8Array([7]));
});

test("decodeDevice() refuses a subsection of another name", () => {
  const subsections = '[{"vmsd_name":"dev/a","version":1,"fields":[]}]';
  const state = (name: string, type = 5) =>
    new ByteWriter().u8(type).countedString(name).be32(9);
  const found = decode("[]", state("dev/a"), subsections);
  assert.deepEqual(found?.subsections, [
    { name: "dev/a", version: 9, fields: [], subsections: [] },
  ]);
  assert.equal(decode("[]", state("dev/b"), subsections), undefined);
  assert.equal(decode("[]", state("dev/a", 4), subsections), undefined);
});
