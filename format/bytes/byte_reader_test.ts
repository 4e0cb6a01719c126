import assert from "node:assert/strict";
import { test } from "node:test";
import { UnsupportedError } from "../rules/errors.ts";
import { ByteReader } from "./byte_reader.ts";
import { ByteWriter } from "./byte_writer.ts";

function readerOf(...bytes: number[]): ByteReader {
  return new ByteReader("file", new Uint8Array(bytes));
}

test("ByteReader reads big-endian numbers in turn", () => {
  const reader = readerOf(
    ...[0xfe, 0x80, 0x01, 0x80, 0x00, 0x00, 0x02],
    ...[0, 0x1f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
    ...[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xfe],
  );
  assert.equal(reader.u8("a"), 0xfe);
  assert.equal(reader.be16("b"), 0x8001);
  assert.equal(reader.be32("c"), 0x80000002);
  assert.equal(reader.be64("d"), Number.MAX_SAFE_INTEGER);
  assert.equal(reader.be64BigInt("e"), 0xfffffffffffffffen);
  assert.equal(reader.available, 0);
  assert.equal(reader.offset, 23);
});

test("ByteReader reads from a view that does not start its buffer", () => {
  const bytes = new Uint8Array([9, 9, 9, 1, 2, 3, 4, 9]).subarray(3, 7);
  const reader = new ByteReader("file", bytes, { offset: 0x100 });
  assert.equal(reader.offset, 0x100);
  assert.equal(reader.be32("a"), 0x01020304);
  assert.equal(reader.offset, 0x104);
  assert.throws(() => reader.u8("b"), { rule: "file-truncated" });
});

test("be64() refuses a value when it is above 2^53 - 1", () => {
  for (const high of [0x20, 0x80, 0xff]) {
    const bytes = new Uint8Array([0, high, 0, 0, 0, 0, 0, 0]);
    const reader = new ByteReader("file", bytes, { offset: 0x40 });
    assert.throws(() => reader.be64("used_length"), {
      name: "FormatError",
      rule: "u64-range",
      offset: 0x40,
      found: `used_length is 0x${(BigInt(high) << 48n).toString(16)}`,
    });
  }
});

test("every read refuses a field that is cut", () => {
  const reads: [number, (reader: ByteReader) => unknown][] = [
    [1, (reader) => reader.u8("f")],
    [2, (reader) => reader.be16("f")],
    [4, (reader) => reader.be32("f")],
    [8, (reader) => reader.be64("f")],
    [8, (reader) => reader.be64BigInt("f")],
    [5, (reader) => reader.bytes(5, "f")],
  ];
  for (const [length, read] of reads) {
    const reader = new ByteReader("file", new Uint8Array(length - 1), {
      offset: 7,
    });
    assert.throws(() => read(reader), {
      name: "FormatError",
      rule: "file-truncated",
      offset: 7,
      found: `${length - 1} bytes up to the end of the file`,
      expected: `${length} bytes of f`,
    });
    assert.equal(reader.offset, 7); // it has not moved
    read(new ByteReader("file", new Uint8Array(length), { offset: 7 }));
  }
});

test("countedString() reads 0 to 255 bytes as char codes", () => {
  assert.equal(readerOf(0, 65).countedString("s"), "");
  assert.equal(readerOf(2, 65, 0xff, 66).countedString("s"), "A\xff");
  const longest = readerOf(255, ...Array(255).fill(0x61));
  assert.equal(longest.countedString("s"), "a".repeat(255));
});

test("countedString() gives the offset of the text when only the length fits", () => {
  const reader = readerOf(3, 65, 66);
  assert.throws(() => reader.countedString("s"), {
    rule: "file-truncated",
    offset: 1,
  });
});

test("bytes() returns a view, which may be empty", () => {
  const bytes = new Uint8Array([1, 2, 3]);
  const reader = new ByteReader("file", bytes);
  reader.bytes(2, "a")[1] = 7;
  assert.deepEqual([...bytes], [1, 7, 3]);
  assert.equal(reader.bytes(0, "b").length, 0);
});

test("peek() does not move on", () => {
  const reader = readerOf(5);
  assert.equal(reader.peek(), 5);
  assert.equal(reader.u8("a"), 5);
  assert.equal(reader.peek(), undefined);
});

test("unsupportedError() carries the feature and the name of the file", () => {
  const error = readerOf().unsupportedError("command-known", {
    feature: "command 7",
    offset: 16,
    found: "command 7",
    expected: "another",
  });
  assert(error instanceof UnsupportedError);
  assert.equal(error.feature, "command 7");
  assert.equal(
    error.message,
    'Cannot read "file": byte 0x10: command 7, expected another (command-known)',
  );
});

test("ByteWriter writes what ByteReader reads", () => {
  const writer = new ByteWriter().u8(1).be16(0x203).be32(0x4050607)
    .be64(Number.MAX_SAFE_INTEGER).be64(2n ** 64n - 1n).countedString("name")
    .text("text").bytes(new Uint8Array([8, 9]));
  assert.equal(writer.length, 1 + 2 + 4 + 8 + 8 + 5 + 4 + 2);
  const reader = new ByteReader("file", writer.finish());
  assert.equal(reader.u8(""), 1);
  assert.equal(reader.be16(""), 0x203);
  assert.equal(reader.be32(""), 0x4050607);
  assert.equal(reader.be64(""), Number.MAX_SAFE_INTEGER);
  assert.equal(reader.be64BigInt(""), 2n ** 64n - 1n);
  assert.equal(reader.countedString(""), "name");
  assert.deepEqual(reader.bytes(4, ""), new TextEncoder().encode("text"));
  assert.deepEqual([...reader.bytes(2, "")], [8, 9]);
});
