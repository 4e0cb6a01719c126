import assert from "node:assert/strict";
import { test } from "node:test";
import { HexDump } from "./hex_dump.ts";

const decoder = new TextDecoder();

function dump(bytes: Uint8Array, offset: number, cuts: readonly number[]) {
  const hexDump = new HexDump(offset);
  let text = "";
  let start = 0;
  for (const cut of [...cuts, bytes.length]) {
    const part = bytes.subarray(start, cut);
    text += decoder.decode(
      part.every((byte) => byte === 0)
        ? hexDump.zeros(part.length)
        : hexDump.bytes(part),
    );
    start = cut;
  }
  return text + decoder.decode(hexDump.end());
}

test("HexDump writes offset, bytes and ASCII", () => {
  const bytes = new TextEncoder().encode("mapped-ram\t|\0\x7f~ 0123456789");
  assert.equal(
    dump(bytes, 0x1230, []),
    "00001230  6d 61 70 70 65 64 2d 72  61 6d 09 7c 00 7f 7e 20  " +
      "|mapped-ram.|..~ |\n" +
      "00001240  30 31 32 33 34 35 36 37  38 39                    " +
      "|0123456789|\n" +
      "0000124a\n",
  );
});

test("HexDump does not depend on how the bytes are split", () => {
  const bytes = new Uint8Array(400);
  bytes.fill(9, 0, 40);
  bytes.fill(5, 300, 301);
  const expected = dump(bytes, 3, []);
  assert.equal(expected.split("\n").length, 10);
  for (let cut = 40; cut <= 300; cut++) {
    for (const more of [[], [cut + 7]]) {
      const found = dump(bytes, 3, [cut, ...more]);
      assert.equal(found, expected, `cut at ${cut}`);
    }
  }
});

test("HexDump skips a long run of zeros", () => {
  const hexDump = new HexDump(0x1008);
  const text = [
    hexDump.bytes(Uint8Array.of(1)).slice(),
    hexDump.zeros(2 ** 40).slice(),
    hexDump.bytes(Uint8Array.of(2)).slice(),
    hexDump.end(),
  ].map((lines) => decoder.decode(lines)).join("");
  const offsets = text.split("\n").map((line) => line.split(" ")[0]);
  assert.deepEqual(offsets, [
    "00001008",
    "00001018",
    "*",
    "10000001008",
    "1000000100a",
    "",
  ]);
});
