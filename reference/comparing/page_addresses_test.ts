import assert from "node:assert/strict";
import { test } from "node:test";
import { addressedRuns } from "./page_addresses.ts";

const PAGE = 4096;

/** Ranges of a PC: below and above the hole, and a part that is unknown. */
const RANGES = [
  { idstr: "pc.ram", offset: 0, length: 10 * PAGE, address: 0 },
  { idstr: "pc.ram", offset: 10 * PAGE, length: 6 * PAGE, address: 0x100000 },
  { idstr: "pc.ram", offset: 20 * PAGE, length: 4 * PAGE, address: 0x900000 },
];

test("addressedRuns() splits runs where the addresses do not go on", () => {
  const run = { first: 8, end: 30 };
  const parts = [...addressedRuns(run, PAGE, RANGES)];
  assert.deepEqual(
    parts.map(({ first, end, address }) => [first, end, address]),
    [
      [8, 10, 8 * PAGE],
      [10, 16, 0x100000],
      [16, 20, undefined],
      [20, 24, 0x900000],
      [24, 30, undefined],
    ],
  );
  for (const { first, end, offset, length } of parts) {
    assert.equal(offset, first * PAGE);
    assert.equal(length, (end - first) * PAGE);
  }
});

test("addressedRuns() goes on past ranges that end inside a page", () => {
  const ranges = [
    { idstr: "r", offset: 0, length: 100, address: 0x1000 },
    { idstr: "r", offset: 100, length: PAGE, address: 0x9000 },
  ];
  const parts = [...addressedRuns({ first: 0, end: 3 }, PAGE, ranges)];
  assert.deepEqual(
    parts.map(({ first, end, address }) => [first, end, address]),
    [
      [0, 1, 0x1000],
      [1, 2, 0x9000 + PAGE - 100],
      [2, 3, undefined],
    ],
  );
});
