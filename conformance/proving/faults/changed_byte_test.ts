import assert from "node:assert/strict";
import { test } from "node:test";
import { compareMemory, openOrRefuse, verifyAnything } from "./read_plainly.ts";
import { richFile } from "./rich_file.ts";

const CHANGES: [string, (byte: number) => number][] = [
  ["0x00", () => 0],
  ["0xff", () => 0xff],
  ["one more", (byte) => (byte + 1) & 0xff],
  ["the highest bit", (byte) => byte ^ 0x80],
];

/** Yields files with one byte changed, for each byte that is not in a page. */
function* changedFiles(
  change: (byte: number) => number,
): Generator<{ bytes: Uint8Array; at: number }> {
  const { bytes, pages } = richFile();
  for (let at = 0; at < bytes.length; at++) {
    if (pages.some(([start, end]) => at >= start && at < end)) continue;
    const before = bytes[at];
    bytes[at] = change(before);
    if (bytes[at] !== before) yield { bytes, at };
    bytes[at] = before;
  }
}

for (const [name, change] of CHANGES) {
  test(`openSnapshot() refuses or reads a file with a byte changed: ${name}`, async () => {
    let opened = 0;
    for (const { bytes, at } of changedFiles(change)) {
      const snapshot = openOrRefuse(bytes);
      const good = await verifyAnything(bytes);
      assert(!good || snapshot !== undefined, `byte ${at}`);
      if (snapshot === undefined) continue;
      compareMemory(snapshot, bytes);
      opened++;
    }
    assert(opened > 0); // bytes of bitmaps, names and padding may vary
  });
}

test("openSnapshot() refuses each wrong byte of the magic", () => {
  const { bytes } = richFile();
  for (let at = 0; at < 8; at++) {
    for (let value = 0; value <= 0xff; value++) {
      const changed = bytes.slice();
      changed[at] = value;
      const opens = openOrRefuse(changed) !== undefined;
      assert.equal(opens, value === bytes[at], `byte ${at}: ${value}`);
    }
  }
});
