import assert from "node:assert/strict";
import { test } from "node:test";
import { ByteWriter } from "../bytes/byte_writer.ts";
import { StreamReader } from "../stream/stream_reader.ts";
import { ByteFile } from "../testing/byte_file.ts";
import { skipDirtyBitmapRecords } from "./dirty_bitmap.ts";

/** Skips records; returns where they end. */
function skip(records: ByteWriter): number {
  const file = new ByteFile(records.finish());
  const reader = new StreamReader(file, 0);
  file.run(skipDirtyBitmapRecords(reader));
  return reader.offset;
}

const start = (flags: number, granularity = 0x10000, bitmapFlags = 0) =>
  new ByteWriter().u8(flags).countedString("node").countedString("bitmap")
    .be32(granularity).u8(bitmapFlags);
const bits = (length: number, stored = length) =>
  new ByteWriter().u8(0x40).be64(0).be32(8).be64(length)
    .bytes(new Uint8Array(stored).fill(0xff));

test("skipDirtyBitmapRecords() skips each kind of record", () => {
  const records = start(0x1c, 0x10000, 7)
    .u8(0x14).countedString("other").be32(512).u8(0)
    .u8(0x4e).countedString("node").countedString("bitmap") // BITS, ZEROES
    .be64(0).be32(1)
    .bytes(bits(1024).finish())
    .bytes(bits(0).finish())
    .u8(0x2c).countedString("").countedString("") // COMPLETE
    .u8(0x20)
    .u8(0x01); // EOS
  const { length } = records;
  assert.equal(skip(records.u8(0xff)), length);
});

test("skipDirtyBitmapRecords() accepts only EOS, with or without names", () => {
  assert.equal(skip(new ByteWriter().u8(1)), 1);
  const named = new ByteWriter().u8(0x0d).countedString("n").countedString("b");
  assert.equal(skip(named), 5);
});

test("skipDirtyBitmapRecords() reads the longest names", () => {
  const name = "n".repeat(255);
  const records = new ByteWriter().u8(0x4c).countedString(name)
    .countedString(name).be64(1).be32(1).be64(10_240)
    .bytes(new Uint8Array(10_240)).u8(1);
  assert.equal(skip(records), records.length);
});

test("skipDirtyBitmapRecords() refuses flags of no kind or of several", () => {
  const kinds = [0x01, 0x10, 0x20, 0x40];
  for (let flags = 0; flags <= 0xff; flags++) {
    if (kinds.includes(flags & 0x71) && flags < 0x80) continue;
    const records = new ByteWriter().u8(flags).bytes(new Uint8Array(600));
    assert.throws(() => skip(records), {
      name: "FormatError",
      rule: "dirty-bitmap-record",
      offset: 0,
    });
  }
});

test("skipDirtyBitmapRecords() refuses unknown bitmap flags", () => {
  for (const flags of [0x08, 0x80, 0xff]) {
    assert.throws(() => skip(start(0x1c, 1, flags).u8(1)), {
      rule: "dirty-bitmap-record",
      offset: 1 + 5 + 7 + 4,
    });
  }
});

test("skipDirtyBitmapRecords() refuses more bits than 10240 bytes", () => {
  assert.equal(skip(bits(10_240).u8(1)), 21 + 10_240 + 1);
  for (const length of [10_241, Number.MAX_SAFE_INTEGER]) {
    assert.throws(() => skip(bits(length, 0)), {
      rule: "dirty-bitmap-record",
      offset: 13,
    });
  }
});

test("skipDirtyBitmapRecords() refuses numbers above 2^53 - 1", () => {
  const sector = new ByteWriter().u8(0x42).be64(2n ** 53n).be32(0);
  assert.throws(() => skip(sector), { rule: "u64-range", offset: 1 });
});

test("skipDirtyBitmapRecords() refuses records cut at any byte", () => {
  const records = start(0x1c).bytes(bits(64).finish()).u8(1).finish();
  for (let length = 0; length < records.length; length++) {
    const cut = new ByteWriter().bytes(records.subarray(0, length));
    assert.throws(() => skip(cut), { rule: "file-truncated" });
  }
});
