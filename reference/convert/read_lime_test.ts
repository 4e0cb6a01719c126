import assert from "node:assert/strict";
import { test } from "node:test";
import { memorySource } from "../sources/mod.ts";
import { openLime } from "./read_lime.ts";

const PAGE = 0x1000;

/** A range of a LiME file, by its header. */
interface Range {
  readonly magic?: number;
  readonly version?: number;
  readonly first: bigint;
  readonly last: bigint;
  readonly bytes: Uint8Array;
}

function lime(ranges: readonly Range[]): Uint8Array {
  const parts = ranges.flatMap(
    ({ magic = 0x4c694d45, version = 1, first, last, bytes }) => {
      const header = new DataView(new ArrayBuffer(32));
      header.setUint32(0, magic, true);
      header.setUint32(4, version, true);
      header.setBigUint64(8, first, true);
      header.setBigUint64(16, last, true);
      return [...new Uint8Array(header.buffer), ...bytes];
    },
  );
  return Uint8Array.from(parts);
}

const page = (byte: number) => new Uint8Array(PAGE).fill(byte);
const FIRST: Range = { first: 0n, last: 0xfffn, bytes: page(1) };

test("openLime() reports what is wrong with a range", async () => {
  const wrong: readonly (readonly [Partial<Range>, RegExp])[] = [
    [
      { magic: 0x4c4d5641, version: 2 },
      /compressed range of AVML, .*avml-conv/,
    ],
    [{ version: 2 }, /byte 0x1020: LiME version 2, expected version 1/],
    [{ magic: 0 }, /byte 0x1020: the magic 0x0, expected "EMiL"/],
    [{ last: 0x1fffn }, /a range of 4096 bytes, of which the file has 100/],
    [{ first: 2n ** 60n }, /a range from 0x1000000000000000 to 0x1063/],
    [{ last: 0xfffn }, /a range from 0x1000 to 0xfff, expected one that ends/],
  ];
  const second = {
    first: 0x1000n,
    last: 0x1063n,
    bytes: page(2).slice(0, 100),
  };
  for (const [change, message] of wrong) {
    const file = lime([FIRST, { ...second, ...change }]);
    await assert.rejects(openLime(memorySource(file)), message);
  }
  const whole = await openLime(memorySource(lime([FIRST, second])));
  assert.equal(whole.byteLength, 0x1064);
});

test("openLime() refuses ranges that differ at an address", async () => {
  const other = { first: 0x800n, last: 0x17ffn, bytes: page(2) };
  await assert.rejects(
    openLime(memorySource(lime([FIRST, other]))),
    /two of its ranges claim address 0x800 and differ there/,
  );
  const same = { ...other, bytes: page(1) };
  const memory = await openLime(memorySource(lime([same, FIRST])));
  const bytes = new Uint8Array(0x1800);
  await memory.readInto(bytes, 0);
  assert.deepEqual(bytes, new Uint8Array(0x1800).fill(1));
});
