import assert from "node:assert/strict";
import { test } from "node:test";
import { ByteWriter } from "../bytes/byte_writer.ts";
import { ByteFile } from "../testing/byte_file.ts";
import { findLastVmdesc } from "./vmdesc.ts";

const WINDOW = 0x10000;
/** How far from the end it searches. */
const SEARCH_MAX = 0x4400000;

/** Makes EOF and a vmdesc of some devices, which contain many braces. */
function vmdescOf(name: string, devices = 20): Uint8Array {
  const text = JSON.stringify({
    devices: Array.from({ length: devices }, (_, index) => ({
      name,
      instance_id: index,
      vmsd_name: name,
      version: 1,
      fields: [{ name: "x", type: "uint8", size: 1 }],
    })),
  });
  return headOf(text.length).text(text).finish();
}

function headOf(length: number): ByteWriter {
  return new ByteWriter().u8(0).u8(6).be32(length);
}

/** Returns the position of the type byte of the vmdesc found. */
function find(file: ByteFile, from = 0): number | undefined {
  return file.run(findLastVmdesc(file, from))?.range.offset;
}

function fileOf(...pieces: readonly (Uint8Array | number)[]): ByteFile {
  const writer = new ByteWriter();
  for (const piece of pieces) {
    writer.bytes(typeof piece === "number" ? new Uint8Array(piece) : piece);
  }
  return new ByteFile(writer.finish());
}

test("findLastVmdesc() finds the last of several, whatever surrounds it", () => {
  const first = vmdescOf("first"), last = vmdescOf("last");
  const braces = new ByteWriter().text("{{}{".repeat(100)).finish();
  const file = fileOf(braces, first, 100, last, braces, 30);
  const offset = file.byteLength - 30 - braces.length - last.length + 1;
  assert.equal(find(file), offset);
  assert.equal(find(file, offset - 1), offset);
  assert.equal(find(file, offset), undefined);
  assert.equal(find(fileOf(last)), 1);
  assert.equal(find(fileOf(0)), undefined);
  assert.equal(find(fileOf(braces)), undefined);
});

test("findLastVmdesc() finds a header across the ends of its windows", () => {
  const vmdesc = vmdescOf("dev", 1);
  for (const windows of [WINDOW, 5 * WINDOW]) {
    for (let inside = -2; inside <= 9; inside++) {
      const file = fileOf(50, vmdesc, windows + inside - vmdesc.length);
      assert.equal(find(file), 51, `${inside} bytes inside`);
    }
  }
});

test("findLastVmdesc() tries up to eight texts that look like a vmdesc", () => {
  const vmdesc = vmdescOf("dev");
  const junk = headOf(2).text("{]").finish();
  const withJunk = (count: number) =>
    fileOf(10, vmdesc, ...new Array<Uint8Array>(count).fill(junk));
  assert.equal(find(withJunk(7)), 11);
  assert.equal(find(withJunk(8)), undefined);
});

test("findLastVmdesc() does not count texts past the end of the file", () => {
  const vmdesc = vmdescOf("dev");
  for (const length of [1000, 0x3000000, 0xffffffff]) {
    const outside = headOf(length).text("{").finish();
    const file = fileOf(10, vmdesc, ...new Array<Uint8Array>(20).fill(outside));
    assert.equal(find(file), 11, `${length}`);
  }
});

test("findLastVmdesc() reads no more than 68 MiB, and no byte twice", () => {
  const vmdesc = vmdescOf("dev");
  const far = new ByteFile(vmdesc, SEARCH_MAX);
  assert.equal(find(far), 1);
  const asked = far.requests.reduce((sum, { length }) => sum + length, 0);
  assert(asked < SEARCH_MAX + 0x1000);
  assert.equal(find(new ByteFile(vmdesc, SEARCH_MAX + 1)), undefined);
});
