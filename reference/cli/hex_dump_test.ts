import assert from "node:assert/strict";
import { test } from "node:test";
import { HexDump } from "./hex_dump.ts";

function dump(bytes: Uint8Array, offset: number, cuts: readonly number[]) {
  const hexDump = new HexDump(offset);
  const lines: string[] = [];
  let start = 0;
  for (const cut of [...cuts, bytes.length]) {
    const part = bytes.subarray(start, cut);
    lines.push(
      ...part.every((byte) => byte === 0)
        ? hexDump.zeros(part.length)
        : hexDump.bytes(part),
    );
    start = cut;
  }
  return [...lines, ...hexDump.end()];
}

test("HexDump does the same however the bytes are cut", () => {
  const bytes = new Uint8Array(400);
  bytes.fill(9, 0, 40);
  bytes.fill(5, 300, 301);
  const whole = [...new HexDump(3).bytes(bytes)];
  assert.equal(whole.length, 8);
  const expected = dump(bytes, 3, []);
  for (let cut = 40; cut <= 300; cut++) {
    for (const more of [[], [cut + 7]]) {
      assert.deepEqual(dump(bytes, 3, [cut, ...more]), expected, `cut ${cut}`);
    }
  }
});

test("HexDump passes over a long row of zeros", () => {
  const hexDump = new HexDump(0x1008);
  const lines = [
    ...hexDump.bytes(Uint8Array.of(1)),
    ...hexDump.zeros(2 ** 40),
    ...hexDump.bytes(Uint8Array.of(2)),
    ...hexDump.end(),
  ];
  assert.deepEqual(lines.map((line) => line.slice(0, 16).trimEnd()), [
    "00001008  01 00",
    "00001018  00 00",
    "*",
    "10000001008  00".slice(0, 16),
    "1000000100a",
  ]);
});
