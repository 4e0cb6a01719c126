import assert from "node:assert/strict";
import { test } from "node:test";
import { ForwardReader } from "../sequential/forward_reader.ts";
import { ByteByByte } from "../testing/byte_by_byte.ts";
import { skipToFooter } from "./section_footer_scan.ts";

const SECTION = { sectionId: 5, idstr: "dev", instanceId: 0, versionId: 1 };
const FOOTER = [0x7e, 0, 0, 0, 5];
const FULL = 4;

/**
 * Returns the number of bytes before the footer; `available` of them arrive at once.
 */
function scan(bytes: readonly number[], { available = 0, ends = false } = {}) {
  const socket = new ByteByByte(Uint8Array.from(bytes), { ends });
  const reader = new ForwardReader(socket, 0);
  if (available > 0) socket.run(reader.fetch(available));
  socket.run(skipToFooter(reader, SECTION));
  return reader.offset;
}

test("skipToFooter() stops before the footer, and waits for one byte after it", () => {
  const almost = [
    ...[0x7e, 0x7e],
    ...[0x7e, 0, 0, 0, 6, FULL], // Another section's.
    ...[0x7e, 0, 0, 0, 5, 9], // No item starts with 9.
    ...[0x7e, 0, 0, 0x7e, 0, 0],
    ...[0x7e],
  ];
  for (const body of [[], [1], [0x7e], [1, 2, 3, 4, 5, 6, 7], almost]) {
    for (const type of [0, 1, 2, 3, 4, 8]) {
      const bytes = [...body, ...FOOTER, type];
      for (let available = 0; available <= bytes.length; available++) {
        assert.equal(
          scan(bytes, { available }),
          body.length,
          `${bytes}, ${available}`,
        );
      }
    }
  }
});

test("skipToFooter() stops at the first of several", () => {
  const bytes = [1, ...FOOTER, FULL, ...FOOTER, FULL];
  assert.equal(scan(bytes), 1);
  assert.equal(scan(bytes, { available: bytes.length }), 1);
});

test("skipToFooter() refuses a section without a footer", () => {
  const bodies = [[], [1], [0x7e, 0x7e], [1, 2, 3, ...FOOTER], [
    ...[0x7e, 0, 0, 0, 6, FULL, 1, 2, 3],
  ]];
  for (const body of bodies) {
    for (let available = 0; available <= body.length; available++) {
      assert.throws(() => scan(body, { available, ends: true }), {
        name: "FormatError",
        rule: "file-truncated",
        offset: body.length,
      });
    }
  }
});
