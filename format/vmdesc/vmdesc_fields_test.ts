import assert from "node:assert/strict";
import { test } from "node:test";
import { ByteWriter } from "../bytes/byte_writer.ts";
import { decode, scalar, values } from "../testing/device_fields.ts";
import type { DeviceStruct, FieldValue } from "./device_fields.ts";

test("decodeDevice() reads each kind of scalar", () => {
  const state = new ByteWriter().u8(0x80).u8(0xff).be16(0xfffe)
    .be32(0xffff_ffff).be32(7).be64(0xffff_ffff_ffff_fff0n).be64(1n << 63n)
    .u8(1).u8(0).be64(5).be64(0xffff_ffff_ffff_ffffn).u8(0x30)
    .countedString("cap").bytes(new Uint8Array([1, 2, 3]))
    .bytes(new Uint8Array(5)).be32(9);
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
        scalar("zeros", "buffer", 5),
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
    // The same bytes as an empty list.
    zeros: new Uint8Array(5),
    // Its size is not the size of its type.
    odd: new Uint8Array([0, 0, 0, 9]),
  });
});

test("decodeDevice() returns as bytes array elements that do not match their type", () => {
  const state = new ByteWriter().be32(1).be32(2);
  const fields = `[${scalar("odd", "uint64", 4, ',"array_len":2')}]`;
  assert.deepEqual(values(decode(fields, state)), {
    odd: [Uint8Array.from([0, 0, 0, 1]), Uint8Array.from([0, 0, 0, 2])],
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
  assert.deepEqual(
    decode(fields, state)?.fields.map((it) => [it.name, it.offset, it.size]),
    [["a", 0, 5], ["b", 5, 1], ["c", 6, 1], ["d", 7, 0]],
  );
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
    .be32(1).u8(1).u8(15).u8(16).u8(0) // gtree of keys that are structures
    .be32(0).u8(0); // gtree
  const found = values(decode(
    `[${
      [
        list("qtailq", tree, 5),
        list("qlist", "", 1),
        list("tmp", `,${entry.replace('"version":1,', "")}`, 1),
        list("gtree", tree, 4 + 20 + 1),
        `{"name":"pairs","type":"gtree"${tree},"size":8}`,
        scalar("empty", "gtree", 5),
      ].join(",")
    }]`,
    state,
  ));
  assert.deepEqual(xs(found.qtailq), [10, 11]);
  assert.deepEqual(found.qlist, []);
  assert.equal(values(found.tmp as DeviceStruct).x, 12);
  assert.equal((found.tmp as DeviceStruct).version, 0, "it has no version");
  const entries = found.gtree as [bigint, DeviceStruct][];
  assert.deepEqual(entries.map(([key, it]) => [key, values(it).x]), [
    [100n, 13],
    [101n, 14],
  ]);
  assert.deepEqual((found.pairs as FieldValue[]).map(xs), [[15, 16]]);
  assert.deepEqual(found.empty, []);
});

test("decodeDevice() returns bytes for a part that does not match its description", () => {
  const struct = (size: number) =>
    `{"name":"s","type":"struct","struct":{"vmsd_name":"in","version":1,` +
    `"fields":[${scalar("x", "uint16", 2)}]},"size":${size}}`;
  const list = `{"name":"l","type":"qlist","vmsd_name":"e","version":1,` +
    `"fields":[${scalar("x", "uint8", 1)}],"size":3}`;
  const entry = `"vmsd_name":"e","version":1,"fields":[]`;
  const tree = (groups: number, size: number) =>
    `{"name":"l","type":"gtree",${
      new Array(groups).fill(entry).join(",")
    },"size":${size}}`;
  for (
    const [field, bytes] of [
      [struct(3), [1, 2, 3]], // one byte too many
      [struct(1), [1]], // one byte too few
      [list, [2, 1, 0]], // no byte 1 before the entry
      [list, [1, 1, 1]], // no byte 0 after the last
      [tree(1, 6), [0, 0, 0, 2, 1, 0]], // two entries, one described
      [tree(3, 7), [0, 0, 0, 2, 1, 1, 0]], // one and a half descriptions for each
      [tree(3, 6), [0, 0, 0, 1, 1, 0]], // three descriptions for one
      [tree(1, 5), [0, 0, 0, 0, 0]], // one description for none
    ] as const
  ) {
    const state = new ByteWriter().bytes(new Uint8Array(bytes)).u8(77);
    const fields = `[${field},${scalar("after", "uint8", 1)}]`;
    const found = values(decode(fields, state));
    assert.deepEqual(found.s ?? found.l, new Uint8Array(bytes));
    assert.equal(found.after, 77);
  }
});

test("decodeDevice() returns undefined if the state does not match the description", () => {
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

test("decodeDevice() refuses a subsection of another name", () => {
  const subsections = '[{"vmsd_name":"dev/a","version":1,"fields":[]}]';
  const state = (name: string, type = 5) =>
    new ByteWriter().u8(type).countedString(name).be32(9);
  const found = decode("[]", state("dev/a"), subsections);
  assert.deepEqual(found?.subsections, [
    { name: "dev/a", version: 9, fields: [], subsections: [] },
  ]);
  assert.equal(decode("[]", new ByteWriter())?.version, 3);
  assert.equal(decode("[]", state("dev/b"), subsections), undefined);
  assert.equal(decode("[]", state("dev/a", 4), subsections), undefined);
});
