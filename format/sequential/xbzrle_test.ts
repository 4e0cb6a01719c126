import assert from "node:assert/strict";
import { test } from "node:test";
import { applyXbzrle } from "./xbzrle.ts";

const PAGE = 512;

function applied(...delta: number[]): Uint8Array {
  const page = new Uint8Array(PAGE).fill(0xee);
  assert.equal(applyXbzrle(page, Uint8Array.from(delta)), undefined);
  return page;
}

test("applyXbzrle() replaces only the bytes that the delta names", () => {
  const expected = new Uint8Array(PAGE).fill(0xee);
  assert.deepEqual(applied(), expected);
  expected.set([1, 2], 3);
  assert.deepEqual(applied(3, 2, 1, 2), expected);
  expected.set([9], 200 + 5);
  assert.deepEqual(applied(3, 2, 1, 2, 0xc8, 0x01, 1, 9), expected);
});

test("applyXbzrle() reaches the last byte of the page", () => {
  const page = applied(0xff, 0x03, 1, 7); // 511 are unchanged
  assert.equal(page[PAGE - 1], 7);
  const long = [0x80, 0x04, ...new Array(PAGE).fill(5)];
  assert.deepEqual(applied(0, ...long), new Uint8Array(PAGE).fill(5));
});

test("applyXbzrle() accepts an empty run only at the start", () => {
  assert.equal(applied(0, 1, 4)[0], 4);
  const faults: readonly [string, number[], number][] = [
    ["nothing is replaced", [3, 0], 1],
    ["nothing unchanged between two", [0, 1, 4, 0, 1, 4], 3],
    ["ends after an unchanged run", [1], 1],
    ["half a length", [0, 0x81], 1],
    ["a length of three bytes", [0x81, 0x81, 1, 1, 1], 0],
    ["more to replace than there is", [0, 2, 1], 1],
    ["past the end of the page", [0xff, 0x03, 2, 1, 1], 0],
    ["unchanged past the end of the page", [0x81, 0x04, 1, 1], 0],
  ];
  for (const [what, delta, position] of faults) {
    const fault = applyXbzrle(new Uint8Array(PAGE), Uint8Array.from(delta));
    assert.equal(fault?.position, position, what);
  }
});

test("applyXbzrle() accepts lengths of up to 14 bits in a larger page", () => {
  const page = new Uint8Array(0x10000);
  const longest = Uint8Array.from([0xff, 0x7f, 1, 7]);
  assert.equal(applyXbzrle(page, longest), undefined);
  assert.equal(page[0x3fff], 7);
  const longer = Uint8Array.from([0x80, 0x80, 1, 7]);
  assert.equal(applyXbzrle(page, longer)?.position, 0);
});

test("applyXbzrle() never writes outside the page, whatever the delta", () => {
  const around = new Uint8Array(PAGE + 64).fill(0x11);
  const page = around.subarray(32, 32 + PAGE);
  for (let seed = 0; seed < 20_000; seed++) {
    const delta = Uint8Array.from(
      { length: seed % 9 },
      (_, at) => (seed * 2654435761 >>> (at * 3)) & 0xff,
    );
    applyXbzrle(page, delta);
  }
  assert(around.subarray(0, 32).every((it) => it === 0x11));
  assert(around.subarray(32 + PAGE).every((it) => it === 0x11));
});
