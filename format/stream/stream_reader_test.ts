import assert from "node:assert/strict";
import { test } from "node:test";
import type { Walk } from "../bytes/walk.ts";
import { FormatError } from "../rules/errors.ts";
import { ByteFile } from "../testing/byte_file.ts";
import { refuseViolations, StreamReader } from "./stream_reader.ts";

const KIB = 1024;

function* readAll(reader: StreamReader, step: number): Walk<number> {
  let sum = 0;
  while (reader.offset < reader.fileLength) {
    const length = Math.min(step, reader.fileLength - reader.offset);
    yield* reader.fetch(length);
    for (const byte of reader.bytes(length, "bytes")) sum += byte;
  }
  return sum;
}

function rangesOf(file: ByteFile): [number, number][] {
  return file.requests.map(({ offset, length }) => [offset, length]);
}

test("fetch() requests windows that grow up to 256 KiB", () => {
  const file = new ByteFile(new Uint8Array(1024 * KIB).fill(1));
  const reader = new StreamReader(file, 0);
  assert.equal(file.run(readAll(reader, 8)), 1024 * KIB);
  const lengths = file.requests.map(({ length }) => length);
  assert.deepEqual(lengths.slice(0, 5), [384, 3072, 24576, 196608, 262144]);
  assert(lengths.every((length) => length <= 256 * KIB));
  assert.equal(lengths.length, 8);
});

test("fetch() requests no byte twice except the rest of a window", () => {
  const file = new ByteFile(new Uint8Array(4096 * KIB));
  file.run(readAll(new StreamReader(file, 0), 300));
  const asked = file.requests.reduce((sum, { length }) => sum + length, 0);
  assert(asked < 4096 * KIB + 300 * file.requests.length);
});

test("fetch() makes no request when the bytes are available", () => {
  const file = new ByteFile(new Uint8Array(10_000));
  const reader = new StreamReader(file, 0);
  file.run(reader.fetch(8));
  file.run(reader.fetch(384));
  assert.equal(file.requests.length, 1);
  file.run(reader.fetch(385));
  assert.deepEqual(rangesOf(file), [[0, 384], [0, 3072]]);
});

test("fetch() requests a long field at once", () => {
  const file = new ByteFile(new Uint8Array(100_000));
  const reader = new StreamReader(file, 100);
  file.run(reader.fetch(65_535));
  assert.deepEqual(rangesOf(file), [[100, 65_535]]);
});

test("fetch() stops at the end of the file, and requests it once", () => {
  const file = new ByteFile(new Uint8Array(20));
  const reader = new StreamReader(file, 4);
  file.run(reader.fetch(300));
  assert.equal(reader.available, 16);
  file.run(reader.fetch(300));
  assert.deepEqual(rangesOf(file), [[4, 16]]);
});

test("fetch() makes no request at and past the end of the file", () => {
  const file = new ByteFile(new Uint8Array(20));
  for (const offset of [20, 21, Number.MAX_SAFE_INTEGER]) {
    const reader = new StreamReader(file, offset);
    file.run(reader.fetch(8));
    assert.throws(() => reader.u8("a"), { rule: "file-truncated", offset });
  }
  assert.equal(file.requests.length, 0);
});

test("seek() keeps the window, or starts with a small one outside it", () => {
  const bytes = Uint8Array.from({ length: 100_000 }, (_, index) => index % 251);
  const file = new ByteFile(bytes);
  const reader = new StreamReader(file, 0);
  file.run(reader.fetch(8));
  reader.seek(383);
  assert.equal(reader.u8("a"), 383 % 251);
  assert.equal(file.requests.length, 1);
  reader.seek(50_000);
  assert.equal(reader.available, 0);
  file.run(reader.fetch(1));
  assert.equal(reader.u8("a"), 50_000 % 251);
  assert.deepEqual(rangesOf(file), [[0, 384], [50_000, 384]]);
  reader.seek(2); // back
  file.run(reader.fetch(1));
  assert.equal(reader.u8("a"), 2);
});

test("fetch() passes on guesses only with a request", () => {
  const file = new ByteFile(new Uint8Array(5000));
  const reader = new StreamReader(file, 0);
  let asked = 0;
  const guesses = () => {
    asked++;
    return [1000, 2000];
  };
  file.run(reader.fetch(8, guesses));
  file.run(reader.fetch(8, guesses));
  assert.equal(asked, 1);
  assert.deepEqual(file.requests[0].guesses, [
    { offset: 1000, length: 384 },
    { offset: 2000, length: 384 },
  ]);
  file.run(reader.fetch(1000));
  assert.equal(file.requests[1].guesses, undefined);
});

test("refuseViolations() throws only what a reader must refuse", () => {
  const violation = { offset: 0, found: "", expected: "" };
  const refused = new FormatError("f", { rule: "ram-total", ...violation });
  assert.throws(() => refuseViolations(refused), refused);
  refuseViolations(
    new FormatError("f", { rule: "vmdesc-present", ...violation }),
  );
});
