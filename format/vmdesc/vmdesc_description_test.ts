import assert from "node:assert/strict";
import { test } from "node:test";
import { FieldCursor } from "./vmdesc_cursor.ts";
import {
  DescribedField,
  groupsOf,
  isEmptyTree,
  listOf,
  Mismatch,
  numberOf,
  objectsOf,
  textOf,
} from "./vmdesc_description.ts";
import { JsonObject, parseJson } from "./vmdesc_json.ts";

function objectOf(text: string): JsonObject {
  const value = parseJson(text);
  assert(value instanceof JsonObject);
  return value;
}

test("listOf() and isEmptyTree() recognize lists, and trees without entries", () => {
  for (const type of ["qtailq", "qlist", "gtree"]) assert(listOf(type));
  for (const type of ["", "struct", "qlist2"]) assert(!listOf(type));
  assert.equal(isEmptyTree(new Uint8Array(5)), true);
  for (const bytes of [[], [0, 0, 0, 0], [0, 0, 0, 0, 0, 0], [0, 0, 0, 0, 1]]) {
    assert.equal(isEmptyTree(Uint8Array.from(bytes)), false, `${bytes}`);
  }
});

test("groupsOf() starts a structure at each vmsd_name", () => {
  const groups = groupsOf(objectOf(
    `{"name":"f","version":7,"vmsd_name":"a","version":1,"fields":[],` +
      `"size":4,"vmsd_name":"b","subsections":[]}`,
  ));
  assert.deepEqual(groups.map(({ members }) => members.map(([key]) => key)), [
    ["vmsd_name", "version", "fields"],
    ["vmsd_name", "subsections"],
  ]);
  assert.deepEqual(groups.map((it) => it.get("vmsd_name")), ["a", "b"]);
  assert.deepEqual(groupsOf(objectOf('{"version":1}')), []);
});

test("objectsOf() returns only the objects of an array", () => {
  const list = objectOf('{"list":[1,{"a":1},null,[],{"b":2}]}').get("list");
  assert.deepEqual(objectsOf(list).map(({ members }) => members), [
    [["a", 1]],
    [["b", 2]],
  ]);
  for (const other of [undefined, 1, "x", null, objectOf("{}")]) {
    assert.deepEqual(objectsOf(other), []);
  }
});

test("textOf() and numberOf() refuse values of other types, and negative numbers", () => {
  assert.equal(textOf(""), "");
  for (const value of [undefined, 1, null, []]) {
    assert.throws(() => textOf(value), Mismatch);
  }
  for (const value of [0, 1, 2 ** 53 - 1]) assert.equal(numberOf(value), value);
  for (const value of [undefined, "1", null, -1, 0.5, 2 ** 53]) {
    assert.throws(() => numberOf(value), Mismatch);
  }
});

test("DescribedField reads a list without entries, and leaves others as bytes", () => {
  const cases: readonly (readonly [readonly number[], boolean])[] = [
    [[0], true],
    [[0, 0, 0, 0, 0], true],
    [[1], false],
    [[0, 7], false],
    [[0, 0, 0, 1, 0], false],
  ];
  for (const [numbers, isEmpty] of cases) {
    const bytes = Uint8Array.from(numbers);
    const { reader } = new DescribedField(
      objectOf(`{"name":"l","type":"qlist","size":${bytes.length}}`),
    );
    const value = reader?.read(new FieldCursor(bytes));
    assert.deepEqual(value, isEmpty ? [] : bytes, `${numbers}`);
  }
});
