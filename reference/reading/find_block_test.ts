import assert from "node:assert/strict";
import { test } from "node:test";
import { findBlock, findOnlyBlock } from "./find_block.ts";

const RAM = { idstr: "ram" };
const ROM = { idstr: "rom" };

test("findBlock() finds a block by idstr, or lists the existing ones", () => {
  const name = "a.mr";
  assert.equal(findBlock([RAM, ROM], { idstr: "rom", name }), ROM);
  assert.throws(() => findBlock([RAM, ROM], { idstr: "x", name }), {
    name: "RangeError",
    message: 'Cannot find RAMBlock "x" in "a.mr": it has "ram", "rom"',
  });
  assert.throws(() => findBlock([], { idstr: "x", name }), /it has none$/);
});

test("findOnlyBlock() needs an idstr if there are several blocks", () => {
  const only = { idstr: undefined, name: "a.mr" };
  assert.equal(findOnlyBlock([RAM], only), RAM);
  assert.equal(findOnlyBlock([RAM, ROM], { ...only, idstr: "rom" }), ROM);
  assert.throws(() => findOnlyBlock([RAM, ROM], only), {
    name: "RangeError",
    message: 'Cannot choose a RAMBlock of "a.mr" without an idstr: it has ' +
      '"ram", "rom"',
  });
  assert.throws(() => findOnlyBlock([], only), RangeError);
});
