import assert from "node:assert/strict";
import { test } from "node:test";
import {
  HANDSHAKE_MAX,
  HandshakeReader,
  readHandshake,
  REGIONS_MAX,
} from "./handshake.ts";

const PEER = "VM 1";

function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

function region(fields: Readonly<Record<string, unknown>> = {}): string {
  return JSON.stringify({
    base_host_virt_addr: 0x7f0000000000,
    size: 0x200000,
    offset: 0,
    page_size: 4096,
    page_size_kib: 4096,
    ...fields,
  });
}

/** Returns the n-th of many small regions. */
function part(n: number): string {
  const offset = n * 4096;
  return region({
    base_host_virt_addr: 0x7f0000000000 + offset,
    size: 4096,
    offset,
  });
}

test("readHandshake() reads what Firecracker sends", () => {
  const other = region({
    base_host_virt_addr: 0x7e0000000000,
    offset: 0x200000,
  });
  assert.deepEqual(readHandshake(bytesOf(`[${region()},${other}]`), PEER), [
    {
      address: 0x7f0000000000,
      byteLength: 0x200000,
      offset: 0,
      pageSize: 4096,
    },
    {
      address: 0x7e0000000000,
      byteLength: 0x200000,
      offset: 0x200000,
      pageSize: 4096,
    },
  ]);
});

test("readHandshake() takes page_size_kib as bytes and ignores unknown fields", () => {
  const text = region({
    page_size: undefined,
    page_size_kib: 0x200000,
    later: { a: ["]"] },
  });
  const [read] = readHandshake(bytesOf(`[${text}]`), PEER) ?? [];
  assert.equal(read?.pageSize, 0x200000);
});

test("readHandshake() returns undefined wherever the text is cut", () => {
  const text = bytesOf(`[${region({ later: ["]", "é"] })}]`);
  for (let length = 0; length < text.length; length++) {
    assert.equal(readHandshake(text.subarray(0, length), PEER), undefined);
  }
  assert.equal(readHandshake(text, PEER)?.length, 1);
});

test("readHandshake() refuses anything but a handshake", () => {
  const wrong = [
    "{}",
    "hello",
    "[]",
    "[1]",
    "[null]",
    `[${region({ size: 0 })}]`,
    `[${region({ size: 4097 })}]`,
    `[${region({ size: -4096 })}]`,
    `[${region({ size: 2 ** 60 })}]`,
    `[${region({ offset: 1.5 })}]`,
    `[${region({ base_host_virt_addr: 1 })}]`,
    `[${region({ base_host_virt_addr: "0" })}]`,
    `[${region({ page_size: 4 })}]`,
    `[${region({ page_size: 12288, size: 12288 })}]`,
    `[${region()},${region()}]`,
    // Regions that overlap in the snapshot, and too many regions.
    `[${region()},${region({ base_host_virt_addr: 0x7e0000000000 })}]`,
    `[${Array.from({ length: REGIONS_MAX + 1 }, (_, n) => part(n)).join()}]`,
  ];
  for (const text of wrong) {
    assert.throws(
      () => readHandshake(bytesOf(text), PEER),
      /Cannot serve VM 1: its handshake is .+, expected a JSON array/,
      text,
    );
  }
  const long = new Uint8Array(HANDSHAKE_MAX + 1).fill(0x20);
  assert.throws(() => readHandshake(long, PEER), /more than 1048576 bytes/);
});

test("HandshakeReader accepts a text in parts", () => {
  const text = bytesOf(` [${region({ later: ["\\", '"', "]"] })}]`);
  const reader = new HandshakeReader(PEER);
  for (const byte of text.subarray(0, -1)) {
    assert.equal(reader.add(new Uint8Array([byte])), undefined);
  }
  assert.equal(reader.add(text.subarray(-1))?.length, 1);
});

test("readHandshake() reports deep or long text in a short message", () => {
  const deep = bytesOf("[".repeat(400_000));
  assert.throws(() => readHandshake(deep, PEER), /nested more than 16 deep/);
  for (const size of ["x".repeat(100_000), Array(10_000).fill("y")]) {
    assert.throws(
      () => readHandshake(bytesOf(`[${region({ size })}]`), PEER),
      ({ message }: Error) => message.length < 300,
    );
  }
});
