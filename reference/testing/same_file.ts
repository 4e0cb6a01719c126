import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { openFileSource } from "../local/mod.ts";

/** Fails if two files differ in size or in a byte. */
export function assertSameFile(actual: string, expected: string): void {
  using one = openFileSource(actual);
  using other = openFileSource(expected);
  assert.equal(one.byteLength, other.byteLength, `${actual}: size`);
  const length = 0x100000;
  for (let offset = 0; offset < one.byteLength; offset += length) {
    const bytes = [one, other].map((source) => {
      const part = new Uint8Array(Math.min(length, one.byteLength - offset));
      source.readIntoSync(part, offset);
      return part;
    });
    if (Buffer.compare(bytes[0], bytes[1]) === 0) continue;
    const differs = bytes[0].findIndex((byte, at) => byte !== bytes[1][at]);
    assert.fail(`${actual} differs from ${expected} at ${offset + differs}`);
  }
}
