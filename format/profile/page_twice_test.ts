import assert from "node:assert/strict";
import { test } from "node:test";
import { findPageTwice } from "./page_twice.ts";

const BLOCKS = [
  { idstr: "a", usedLength: 8 * 4096, pageSize: 4096 },
  { idstr: "b", usedLength: 8 * 4096, pageSize: 4096 },
];

function run(idstr: string, first: number, end: number) {
  return { idstr, first, end };
}

test("findPageTwice() finds none if runs are only adjacent", () => {
  const runs = [run("a", 2, 8), run("b", 0, 2), run("a", 0, 2)];
  assert.equal(findPageTwice(BLOCKS, runs), undefined);
});

test("findPageTwice() returns the second run, not an adjacent one", () => {
  const touching = [run("a", 0, 2), run("a", 2, 4), run("a", 2, 3)];
  assert.deepEqual(findPageTwice(BLOCKS, touching), { page: 2, index: 2 });
  const inB = [run("b", 4, 6), run("a", 4, 6), run("b", 5, 6)];
  assert.deepEqual(findPageTwice(BLOCKS, inB), { page: 5, index: 2 });
  const later = [run("a", 4, 6), run("a", 0, 2), run("a", 1, 2)];
  assert.deepEqual(findPageTwice(BLOCKS, later), { page: 1, index: 2 });
  const first = [run("a", 0, 1), run("b", 7, 8), run("a", 0, 1)];
  assert.deepEqual(findPageTwice(BLOCKS, first), { page: 0, index: 2 });
});
