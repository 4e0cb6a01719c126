import assert from "node:assert/strict";
import { test } from "node:test";
import { SourceError } from "../sources/mod.ts";
import { ReturnPathReader } from "./return_path.ts";

const NAME = "unix:/vm";

/** A message of this type and payload. */
function message(type: number, ...payload: readonly number[]): number[] {
  return [0, type, payload.length >> 8, payload.length & 0xff, ...payload];
}

function request(offset: number, length: number): number[] {
  const bytes = new Uint8Array(12);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, BigInt(offset));
  view.setUint32(8, length);
  return [...bytes];
}

function text(name: string): number[] {
  return [name.length, ...new TextEncoder().encode(name)];
}

const STREAM = [
  ...message(2, 0, 0, 0, 3),
  ...message(3, ...request(0x3000, 4096), ...text("pc.ram")),
  ...message(4, ...request(0x1_0000_0000, 8192)),
  ...message(3, ...request(0, 4096), ...text("vga")),
  ...message(4, ...request(4096, 4096)),
  ...message(1, 0, 0, 0, 0),
];
const MESSAGES = [
  { kind: "pong", value: 3 },
  { kind: "pages", idstr: "pc.ram", offset: 0x3000, length: 4096 },
  { kind: "pages", idstr: "pc.ram", offset: 0x1_0000_0000, length: 8192 },
  { kind: "pages", idstr: "vga", offset: 0, length: 4096 },
  { kind: "pages", idstr: "vga", offset: 4096, length: 4096 },
  { kind: "shut", failed: false },
];

test("ReturnPathReader.push() returns the same messages however they are split", () => {
  for (let step = 1; step <= STREAM.length; step++) {
    const reader = new ReturnPathReader(NAME);
    const found = [];
    for (let at = 0; at < STREAM.length; at += step) {
      // The channel reuses its buffer.
      const chunk = Uint8Array.from(STREAM.slice(at, at + step));
      found.push(...reader.push(chunk));
      chunk.fill(0xff);
    }
    assert.deepEqual(found, MESSAGES, `chunks of ${step}`);
    assert.equal(reader.isWhole, true);
  }
});

test("ReturnPathReader.push() reports a failed destination", () => {
  const reader = new ReturnPathReader(NAME);
  assert.deepEqual(reader.push(Uint8Array.from(message(1, 0, 0, 0, 1))), [
    { kind: "shut", failed: true },
  ]);
});

test("ReturnPathReader.push() refuses messages that a source does not expect", () => {
  const cases: [number[], string][] = [
    [
      message(9),
      "found a message of type 9 with 0 bytes, expected requests for pages, " +
      "PONG or SHUT",
    ],
    [
      [0, 4, 0xff, 0xff],
      "found a message of type 4 with 65535 bytes, expected requests for " +
      "pages, PONG or SHUT",
    ],
    [
      message(4, ...request(0, 4096)),
      "found a request for pages of no RAMBlock, expected its idstr",
    ],
    [
      message(3, ...request(0, 4096), 9, 0x61),
      "found an idstr of 9 bytes in 1, expected the same number",
    ],
    [
      message(3, ...request(0, 4096).with(0, 0xff), ...text("a")),
      "found a request for a page at 0xff00000000000000, expected one inside " +
      "the RAMBlock",
    ],
  ];
  for (const [bytes, reason] of cases) {
    const reader = new ReturnPathReader(NAME);
    assert.throws(() => reader.push(Uint8Array.from(bytes)), (error) => {
      assert(error instanceof SourceError);
      assert.equal(
        error.message,
        `Cannot understand the destination at ${NAME}: ${reason}`,
      );
      return true;
    });
  }
});
