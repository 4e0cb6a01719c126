import assert from "node:assert/strict";
import { test } from "node:test";
import { randomNumbers } from "../testing/random_numbers.ts";
import { type ScannedVmdesc, scanVmdesc } from "./vmdesc_devices.ts";

function scan(text: string): ScannedVmdesc | undefined {
  return scanVmdesc(new TextEncoder().encode(text));
}

function lengthOf(...devices: unknown[]): number | undefined {
  return scan(JSON.stringify({ devices }))?.devices.stateLength("dev", 0);
}

const dev = (members: object) => ({ name: "dev", instance_id: 0, ...members });

test("scanVmdesc() distinguishes a vmdesc from other texts", () => {
  const good = [
    '{"devices":[]}',
    ' { "page_size" : 4096 , "devices" : [ {} , 1 , null ] } \n',
    '{"devices":[],"other":{"a":[{"b":"\\u00e9\\n"}],"c":-1.5e+3}}',
    '{"dev\\u0069ces":[]}',
    '{"devices":1,"devices":[]}',
    '{"devices":["é"]}',
  ];
  for (const text of good) assert(scan(text), text);
  const bad = [
    ...["", "{}", "[]", '{"devices":{}}', '{"devices":[]', '{"devices":[]}}'],
    ...['{"devices":[],}', '{"devices":[1,]}', '{"devices":[01]}', "null"],
    ...['{"devices":[tru]}', '{"devices":["\\x"]}', '{"devices":["\\u00g0"]}'],
    ...['{"devices":["\n"]}', '{"devices":[1.]}', '{"devices":[}]}', '{"a"}'],
    ...['{"devices":[1 2]}', '{"devices":[[}]}', '{"devices":[],"devices":1}'],
    ...['{"devices":[-]}', '{"devices":[1e]}', '{"devices":["', '{"devices"'],
  ];
  for (const text of bad) assert.equal(scan(text), undefined, text);
  const latin1 = Uint8Array.from(
    '{"devices":["\u00e9"]}',
    (it) => it.charCodeAt(0),
  );
  assert.equal(scanVmdesc(latin1), undefined, "it is not UTF-8");
});

test("scanVmdesc() agrees with JSON.parse on random texts", () => {
  const random = randomNumbers(7);
  const tokens = [
    ...["{", "}", "[", "]", ",", ":", '"', '"a"', '"devices"', '"size"', "1"],
    ...["-0.5e2", "true", "null", " ", "\\", '"\\u0041"', '"devices":[', "]}"],
  ];
  let good = 0;
  for (let time = 0; time < 20_000; time++) {
    let text = '{"devices":[';
    for (let count = random(8); count > 0; count--) {
      text += tokens[random(tokens.length)];
    }
    text += "]}";
    const expected = parsed(text);
    assert.equal(scan(text) !== undefined, expected, text);
    if (expected) good++;
  }
  assert(good > 100, `${good} are good`);
});

function parsed(text: string): boolean {
  try {
    return Array.isArray(JSON.parse(text).devices);
  } catch {
    return false;
  }
}

test("scanVmdesc() handles texts with many and deeply nested values", () => {
  const wide = new Uint8Array(0x1000000).fill(0x20);
  const start = '{"devices":[', end = "{}]}";
  wide.set(new TextEncoder().encode(start));
  for (let at = start.length; at < wide.length - 8; at += 3) {
    wide.set([0x7b, 0x7d, 0x2c], at);
  }
  wide.set(new TextEncoder().encode(end), wide.length - end.length);
  assert.equal(scanVmdesc(wide)?.devices.count, 0);
  for (const [depth, found] of [[256, true], [257, false]] as const) {
    const deep = "[".repeat(depth) + "]".repeat(depth);
    assert.equal(scan(`{"devices":[${deep}]}`) !== undefined, found);
  }
  assert.equal(scan('{"devices":' + "[".repeat(3_000_000)), undefined);
});

test("VmdescDevices describes each device, with repeated keys", () => {
  const found = scan(
    '{"devices":[7, {"name":"dev","instance_id":3,"a":1,"a":[2]}]}',
  );
  const description = found?.devices.description("dev", 3);
  assert.deepEqual(description?.members, [
    ["name", "dev"],
    ["instance_id", 3],
    ["a", 1],
    ["a", [2]],
  ]);
  assert.equal(found?.devices.description("dev", 0), undefined);
});

test("VmdescDevices handles a hundred thousand devices in linear time", () => {
  const devices = Array.from(
    { length: 100_000 },
    (_, index) => ({ name: "dev", instance_id: index, size: index }),
  );
  const found = scan(JSON.stringify({ devices }));
  for (let index = 0; index < devices.length; index++) {
    assert.equal(found?.devices.stateLength("dev", index), index);
  }
});

test("VmdescDevices adds up fields and subsections", () => {
  assert.equal(lengthOf(dev({ fields: [] })), 0);
  const fields = [{ size: 8 }, { size: 2, array_len: 3 }, { size: 1 }];
  assert.equal(lengthOf(dev({ fields })), 15);
  const subsections = [
    { vmsd_name: "dev/a", fields: [{ size: 4 }] },
    {
      vmsd_name: "dev/é",
      fields: [],
      subsections: [{ vmsd_name: "", fields: [{ size: 1 }] }],
    },
  ];
  const inner = (6 + 5 + 4) + (6 + 6) + (6 + 0 + 1);
  assert.equal(lengthOf(dev({ fields, subsections })), 15 + inner);
});

test("VmdescDevices does not descend into a field", () => {
  const struct = { fields: [{ size: 100 }] };
  assert.equal(lengthOf(dev({ fields: [{ size: 3, struct }] })), 3);
});

test("VmdescDevices uses size if a device has no fields", () => {
  assert.equal(lengthOf(dev({ size: 24 })), 24);
  assert.equal(lengthOf(dev({ size: 24, fields: [] })), 0);
  assert.equal(lengthOf(dev({})), undefined);
});

test("VmdescDevices finds the first device with that name and instance_id", () => {
  const one = { name: "dev", instance_id: 1, size: 1 };
  const other = { name: "other", instance_id: 0, size: 2 };
  assert.equal(lengthOf(one, other, dev({ size: 3 }), dev({ size: 4 })), 3);
  assert.equal(lengthOf(one, other), undefined);
  assert.equal(lengthOf(null, 1, "dev", [], dev({ size: 5 })), 5);
});

test("VmdescDevices gives no length when a member is missing or wrong", () => {
  const wrong = [-1, 1.5, "8", null, [], 2 ** 53];
  for (const size of [...wrong, undefined]) {
    assert.equal(lengthOf(dev({ fields: [{ size }] })), undefined, `${size}`);
  }
  for (const count of wrong) {
    const field = { size: 1, array_len: count };
    assert.equal(lengthOf(dev({ fields: [field] })), undefined, `${count}`);
  }
  assert.equal(lengthOf(dev({ fields: [null] })), undefined);
  assert.equal(
    lengthOf(dev({ fields: [], subsections: [{ fields: [] }] })),
    undefined,
  );
  const product = { size: 2 ** 30, array_len: 2 ** 30 };
  assert.equal(lengthOf(dev({ fields: [product] })), undefined);
  const large = { size: 2 ** 52 };
  assert.equal(lengthOf(dev({ fields: [large, large] })), undefined);
});

test("VmdescDevices follows subsections 32 deep, and no deeper", () => {
  const nested = (depth: number): object => ({
    vmsd_name: "",
    fields: [],
    subsections: depth === 0 ? [] : [nested(depth - 1)],
  });
  assert.equal(lengthOf(dev(nested(32))), 32 * 6);
  assert.equal(lengthOf(dev(nested(33))), undefined);
});

test("VmdescDevices ignores a name or instance_id of another type", () => {
  const fields = [{ size: 3 }];
  const good = dev({ fields: [{ size: 5 }] });
  assert.equal(lengthOf({ name: ["dev"], instance_id: 0, fields }, good), 5);
  assert.equal(lengthOf({ name: "dev", instance_id: "0", fields }, good), 5);
});

test("stateLength() is undefined if fields or subsections are no array", () => {
  for (const value of [null, {}, "", 20, true]) {
    assert.equal(lengthOf(dev({ fields: value, size: 20 })), undefined);
    const fields = [{ size: 20 }];
    assert.equal(lengthOf(dev({ fields, subsections: value })), undefined);
  }
});

test("stateLength() is the size alone if there are no fields", () => {
  const subsections = [{ vmsd_name: "more", fields: [{ size: 4 }] }];
  assert.equal(lengthOf(dev({ size: 20, subsections })), 20);
  assert.equal(lengthOf(dev({ size: 20, subsections: null })), 20);
  assert.equal(lengthOf(dev({ size: 0.5, subsections: [] })), undefined);
});

test("stateLength() compares names in UTF-8", () => {
  for (const name of ['"d\u00e9v"', '"d\\u00e9v"']) {
    const text = `{"devices":[{"name":${name},"instance_id":0,"size":20}]}`;
    const devices = scan(text)?.devices;
    assert.equal(devices?.stateLength("d\xc3\xa9v", 0), 20);
    assert.equal(devices?.stateLength("d\xe9v", 0), undefined);
    assert(devices?.description("d\xc3\xa9v", 0));
  }
});
