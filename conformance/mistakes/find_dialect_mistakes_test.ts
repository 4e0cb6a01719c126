import assert from "node:assert/strict";
import { test } from "node:test";
import { RULES } from "../../mod.ts";
import { CLASS_NAMES } from "../vectors/conformance_class.ts";
import { FaultyReader, listMistakes } from "./find_dialect_mistakes.ts";

const MISTAKES_MIN = 90;
/** The classes whose mistakes are in the other list, of readers in Python. */
const OTHERS = ["core", "foreign-bitmaps", "verified", "packed"];

test("each mistake of a dialect has a name, a class and rules that exist", () => {
  const mistakes = listMistakes();
  const names = mistakes.map((it) => `${it.class}: ${it.name}`);
  assert(mistakes.length >= MISTAKES_MIN, `${mistakes.length}`);
  assert.equal(new Set(names).size, names.length);
  const classes = new Set<string>(mistakes.map((it) => it.class));
  const expected = Object.keys(CLASS_NAMES).filter((it) =>
    !OTHERS.includes(it)
  );
  assert.deepEqual([...classes].toSorted(), expected.toSorted());
  for (const { name, rules } of mistakes) {
    for (const rule of rules) assert(rule in RULES, `${name}: ${rule}`);
  }
});

test("a vector of its class finds each mistake of a reader of dialects", {
  timeout: 900_000,
}, () => {
  using reader = new FaultyReader();
  const missed = listMistakes().filter((it) => reader.find(it) === undefined);
  assert.deepEqual(missed, []);
});
