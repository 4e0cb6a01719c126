import assert from "node:assert/strict";
import { test } from "node:test";
import { ByteWriter } from "../bytes/byte_writer.ts";
import { ByteFile } from "../testing/byte_file.ts";
import { findVmdesc, readVmdesc } from "./vmdesc.ts";

const TEXT = '{"devices":[]}';
const MIB = 0x100000;

/**
 * Encodes EOF, type, length and text; the default length is that of the text.
 */
function vmdescBytes(text: string, length = text.length): Uint8Array {
  return new ByteWriter().u8(0).u8(6).be32(length).text(text).finish();
}

/** Makes a file with these parts, each at its position. */
function fileWith(
  parts: [number, Uint8Array][],
  byteLength?: number,
): ByteFile {
  const end = Math.max(...parts.map(([at, bytes]) => at + bytes.length));
  const bytes = new Uint8Array(end);
  for (const [at, part] of parts) bytes.set(part, at);
  return new ByteFile(bytes, byteLength ?? end);
}

test("findVmdesc() finds a vmdesc across the ends of windows", () => {
  const bytes = vmdescBytes(TEXT);
  for (let at = 0x40000 - 30; at <= 0x40000 + 10; at++) {
    const file = fileWith([[at, bytes]]);
    const vmdesc = file.run(findVmdesc(file, 0));
    assert.deepEqual(vmdesc?.range, {
      offset: at + 1,
      length: 5 + TEXT.length,
    });
    assert.equal(vmdesc.devices.count, 0);
  }
});

test("findVmdesc() finds a vmdesc right where it starts", () => {
  const file = fileWith([[100, vmdescBytes(TEXT)]]);
  assert.equal(file.run(findVmdesc(file, 100))?.range.offset, 101);
  assert.equal(file.run(findVmdesc(file, 101)), undefined);
});

test("findVmdesc() skips what is not a vmdesc", () => {
  const text = `{"other":1}`;
  const bytes = vmdescBytes(TEXT);
  const file = fileWith([
    [0, vmdescBytes(TEXT, TEXT.length + 1)], // ends after the closing brace
    [100, vmdescBytes(text)],
    [200, vmdescBytes('{"devices":{}}')],
    [300, vmdescBytes(TEXT, 0xffffffff)],
    [400, vmdescBytes("{not JSON}")],
    [500, new Uint8Array([0, 6, 0, 0, 0, 2, 0x7b, 0xff, 0x7d])],
    [600, bytes.subarray(1)], // no EOF item: the byte before
    [599, new Uint8Array([7])], // is not zero
    [700, bytes],
  ]);
  assert.equal(file.run(findVmdesc(file, 0))?.range.offset, 701);
});

test("findVmdesc() stops after eight texts that are not a vmdesc", () => {
  const decoys = (count: number) =>
    Array.from(
      { length: count },
      (_, index): [number, Uint8Array] => [index * 20, vmdescBytes("{}")],
    );
  for (const [count, found] of [[7, true], [8, false]] as const) {
    const file = fileWith([...decoys(count), [1000, vmdescBytes(TEXT)]]);
    assert.equal(file.run(findVmdesc(file, 0)) !== undefined, found);
  }
});

test("findVmdesc() does not read a text that is longer than 64 MiB or the file", () => {
  const length = 64 * MIB + 1;
  const file = fileWith([[0, vmdescBytes("{", length)]], 2 ** 40);
  assert.equal(file.run(findVmdesc(file, 0)), undefined);
  assert(file.requests.every((request) => request.length <= 0x40000));
});

test("findVmdesc() searches no farther than 184 MiB, in few requests", () => {
  const file = new ByteFile(new Uint8Array(0), 2 ** 52);
  assert.equal(file.run(findVmdesc(file, 0)), undefined);
  const last = file.requests.at(-1)!;
  assert.equal(last.offset + last.length, 184 * MIB);
  assert(file.requests.length < 800);
});

test("findVmdesc() makes no request where no vmdesc fits", () => {
  for (const length of [0, 1, 7]) {
    const file = new ByteFile(new Uint8Array(length));
    assert.equal(file.run(findVmdesc(file, 0)), undefined);
    assert.equal(file.requests.length, 0);
  }
});

test("readVmdesc() looks at one position", () => {
  const file = fileWith([[0, vmdescBytes(TEXT)], [50, vmdescBytes("{}")]]);
  assert.equal(file.run(readVmdesc(file, 1))?.devices.count, 0);
  assert.equal(file.run(readVmdesc(file, 0)), undefined);
  assert.equal(file.run(readVmdesc(file, 51)), undefined);
  const other = vmdescBytes(TEXT);
  other[1] = 5;
  const section = fileWith([[0, other]]);
  assert.equal(section.run(readVmdesc(section, 1)), undefined);
  assert.equal(file.run(readVmdesc(file, file.byteLength - 4)), undefined);
  assert.equal(file.run(readVmdesc(file, file.byteLength)), undefined);
  const hostile = fileWith([[0, vmdescBytes("{", 0xffffffff)]], 2 ** 40);
  assert.equal(hostile.run(readVmdesc(hostile, 1)), undefined);
});
