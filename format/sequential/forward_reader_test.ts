import assert from "node:assert/strict";
import { test } from "node:test";
import type { Walk } from "../bytes/walk.ts";
import { ByteByByte } from "../testing/byte_by_byte.ts";
import {
  ForwardReader,
  type ForwardRequest,
  isForward,
} from "./forward_reader.ts";

const BUFFER = 0x40000;
const KEPT_MAX = 0x4000000;

/** A file whose bytes are their positions; at most `lengthMax` are read at once. */
class CountingFile {
  readonly name = "counting";
  readonly byteLength: number;
  readonly requests: ForwardRequest[] = [];
  readonly #lengthMax: number;

  constructor(byteLength: number, lengthMax = Infinity) {
    this.byteLength = byteLength;
    this.#lengthMax = lengthMax;
  }

  run<T>(walk: Walk<T>): T {
    let step = walk.next();
    while (!step.done) {
      const request = step.value;
      assert(isForward(request));
      const { offset, length, least, target } = request;
      assert.equal(target.length, length, "as much room as it says");
      assert(length > 0 && offset + length <= this.byteLength);
      assert(least > 0 && least <= length);
      this.requests.push(request);
      const given = target.subarray(
        0,
        Math.min(length, Math.max(least, this.#lengthMax)),
      );
      for (let at = 0; at < given.length; at++) given[at] = offset + at;
      step = walk.next(given);
    }
    return step.value;
  }
}

test("isForward() distinguishes a request for the next bytes from one for a range", () => {
  assert.equal(isForward({ offset: 0, length: 1 }), false);
  const target = new Uint8Array(1);
  assert.equal(isForward({ offset: 0, length: 1, target }), false);
});

test("fetch() makes room for a field that is longer than the buffers", () => {
  for (const lengthMax of [Infinity, 1000]) {
    const file = new CountingFile(5 * BUFFER + 7, lengthMax);
    const reader = new ForwardReader(file, 3);
    file.run(reader.fetch(5));
    reader.bytes(2, "a few bytes");
    const length = 4 * BUFFER + 1;
    file.run(reader.fetch(length));
    const bytes = reader.bytes(length, "a long field");
    assert(bytes.every((byte, at) => byte === ((5 + at) & 0xff)));
    file.run(reader.fetch(2 * BUFFER));
    assert.equal(reader.offset + reader.available, file.byteLength);
  }
});

test("fetch() requests the missing bytes, from the end of the last request on", () => {
  const file = new CountingFile(Infinity, 10);
  const reader = new ForwardReader(file, 100);
  file.run(reader.fetch(4));
  file.run(reader.fetch(10));
  assert.equal(file.requests.length, 1, "they are available");
  reader.bytes(9, "nine bytes");
  file.run(reader.fetch(30));
  assert.deepEqual(
    file.requests.map(({ offset, least }) => [offset, least]),
    [[100, 4], [110, 29]],
  );
  assert.deepEqual([reader.offset, reader.available], [109, 30]);
  assert.equal(reader.u8("a byte"), 109);
});

test("fetch() requests the last byte, and none after it", () => {
  const file = new CountingFile(7, 6);
  const reader = new ForwardReader(file, 0);
  file.run(reader.fetch(6));
  file.run(reader.fetch(7));
  file.run(reader.fetch(8));
  file.run(reader.fetch(9));
  assert.deepEqual(
    file.requests.map(({ offset, length }) => [offset, length]),
    [[0, 7], [6, 1]],
  );
  assert.equal(reader.available, 7);
  for (const offset of [7, 8]) {
    const beyondEnd = new ForwardReader(file, offset);
    file.run(beyondEnd.fetch(1));
    file.run(beyondEnd.fetchSome());
    assert.equal(beyondEnd.available, 0);
  }
  assert.equal(file.requests.length, 2);
});

test("returned bytes stay valid during one further request", () => {
  const file = new CountingFile(Infinity);
  const reader = new ForwardReader(file, 0);
  file.run(reader.fetch(BUFFER));
  const before = reader.bytes(BUFFER, "a buffer");
  file.run(reader.fetch(BUFFER));
  assert(before.every((byte, at) => byte === (at & 0xff)));
});

test("fetchSome() and skip() wait for no more bytes than they need", () => {
  const socket = new ByteByByte(Uint8Array.from([1, 2, 3, 4, 5]));
  const reader = new ForwardReader(socket, 0);
  socket.run(reader.fetchSome());
  assert.equal(reader.available, 1);
  socket.run(reader.fetchSome());
  assert.equal(reader.available, 1, "one is available");
  socket.run(reader.skip(4, "four bytes"));
  assert.deepEqual([reader.offset, reader.available], [4, 0]);
  socket.run(reader.fetchSome());
  assert.equal(reader.u8("the last byte"), 5);
  socket.run(reader.skip(0, "nothing"));
  assert.throws(() => socket.run(reader.fetchSome()), /Waits for 1 bytes/);
  const all = new ForwardReader(socket, 0);
  socket.run(all.skip(5, "all bytes"));
  assert.equal(all.offset, 5);
});

test("skip() refuses to pass the end", () => {
  const socket = new ByteByByte(new Uint8Array(5), { ends: true });
  const reader = new ForwardReader(socket, 0);
  assert.throws(() => socket.run(reader.skip(6, "six bytes")), {
    name: "FormatError",
    rule: "file-truncated",
    offset: 5,
  });
});

test("seek() moves only within the available bytes", () => {
  const file = new CountingFile(100, 10);
  const reader = new ForwardReader(file, 20);
  file.run(reader.fetch(10));
  reader.seek(20);
  reader.seek(24);
  assert.equal(reader.u8("a byte"), 24);
  for (const offset of [0, 24, 31]) {
    assert.throws(() => reader.seek(offset), {
      name: "RangeError",
      message: `Cannot move by ${offset - 25} bytes: they are not read`,
    });
  }
  reader.seek(30);
  assert.deepEqual([reader.offset, reader.available], [30, 0]);
});

test("kept() returns the bytes read since keep(), once", () => {
  const file = new CountingFile(Infinity, 10);
  const reader = new ForwardReader(file, 0);
  assert.equal(reader.kept().length, 0, "nothing was to be kept");
  file.run(reader.skip(5, "not kept"));
  reader.keep();
  assert.equal(reader.kept().length, 0);
  reader.keep();
  file.run(reader.skip(100, "kept"));
  file.run(reader.fetch(20));
  const expected = Uint8Array.from({ length: 100 }, (_, at) => 5 + at);
  assert.deepEqual(reader.kept(), expected);
  file.run(reader.skip(5, "not kept"));
  assert.equal(reader.kept().length, 0);
  reader.keep();
  file.run(reader.skip(15, "forgotten"));
  reader.forget();
  file.run(reader.skip(15, "not kept"));
  assert.equal(reader.kept().length, 0);
  reader.keep();
  file.run(reader.skip(15, "forgotten, too"));
  reader.keep();
  assert.equal(reader.kept().length, 0);
});

test("no more than 64 MiB are kept", () => {
  // The bytes do not matter here: each request is answered with its own target.
  function skip(reader: ForwardReader, length: number): void {
    const walk = reader.skip(length, "state");
    for (let step = walk.next(); !step.done;) {
      const { target } = step.value;
      assert(target !== undefined);
      step = walk.next(target);
    }
  }
  const socket = new ByteByByte(new Uint8Array(0));
  const reader = new ForwardReader(socket, 5);
  reader.keep();
  skip(reader, KEPT_MAX);
  assert.equal(reader.kept().length, KEPT_MAX);
  reader.keep();
  skip(reader, KEPT_MAX + 1);
  assert.throws(() => reader.kept(), {
    name: "UnsupportedError",
    rule: "section-known",
    offset: 5 + 2 * KEPT_MAX + 1,
    expected: `at most ${KEPT_MAX}`,
  });
  // The limit is checked while reading, before memory is exhausted.
  const endless = new ForwardReader(socket, 0);
  endless.keep();
  assert.throws(() => skip(endless, Infinity), {
    name: "UnsupportedError",
  });
});
