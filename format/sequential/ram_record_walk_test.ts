import assert from "node:assert/strict";
import { test } from "node:test";
import { ByteWriter } from "../bytes/byte_writer.ts";
import { ForwardReader } from "./forward_reader.ts";
import { ByteByByte } from "../testing/byte_by_byte.ts";
import { readRamRecords, type StreamBlock } from "./ram_record_walk.ts";

const PAGE = 0x1000;
const ZERO = 2, PLAIN = 8, EOS = 0x10, CONTINUE = 0x20, XBZRLE = 0x40;
const HOOK = 0x80, COMPRESSED = 0x100, MULTIFD = 0x200;
const LONGEST = "n".repeat(255);
const BLOCKS: readonly StreamBlock[] = [
  { idstr: "ram", usedLength: 2 * PAGE, index: 0 },
  { idstr: LONGEST, usedLength: PAGE, index: 1 },
];

/**
 * Reads records from a socket that delivers no more bytes than are required.
 */
function read(records: ByteWriter, pageSize = PAGE): string[] {
  const bytes = records.finish();
  const socket = new ByteByByte(bytes);
  const reader = new ForwardReader(socket, 0);
  const list: string[] = [];
  socket.run(readRamRecords(reader, {
    blocks: new Map(BLOCKS.map((it) => [it.idstr, it])),
    pageSize,
    visit: ({ kind, block, pageIndex, data, offset }) => {
      assert.deepEqual(data, bytes.subarray(offset, offset + data.length));
      list.push(`${kind} ${block.index}:${pageIndex} ${data.length}@${offset}`);
    },
    last: undefined,
    recordOffset: 0,
  }));
  assert.equal(reader.offset, bytes.length, "it stops after EOS");
  return list;
}

function word(page: number, flags: number, idstr?: string): ByteWriter {
  const writer = new ByteWriter().be64(page * PAGE + flags);
  return idstr === undefined ? writer : writer.countedString(idstr);
}

test("readRamRecords() passes on each record, and waits for none after EOS", () => {
  const delta = new Uint8Array(PAGE).fill(5);
  const packed = new Uint8Array(PAGE + 14).fill(6);
  const writer = word(1, ZERO, "ram").u8(0)
    .bytes(word(0, PLAIN, LONGEST).finish()).bytes(delta)
    .bytes(word(0, XBZRLE | CONTINUE).finish()).u8(1).be16(PAGE).bytes(delta)
    .bytes(word(0, XBZRLE, "ram").finish()).u8(1).be16(0)
    .bytes(word(1, COMPRESSED | CONTINUE).finish()).be32(PAGE + 14)
    .bytes(packed).be64(EOS);
  const first = 8 + 4 + 1;
  const second = first + 8 + 256, third = second + PAGE + 11;
  const fourth = third + PAGE + 8 + 4 + 3;
  assert.deepEqual(read(writer), [
    `zero 0:1 0@${first}`,
    `page 1:0 ${PAGE}@${second}`,
    `xbzrle 1:0 ${PAGE}@${third}`,
    `xbzrle 0:0 0@${fourth}`,
    `compressed 0:1 ${PAGE + 14}@${fourth + 12}`,
  ]);
  assert.deepEqual(read(new ByteWriter().be64(EOS)), []);
});

test("readRamRecords() refuses a record of an unknown kind", () => {
  for (const flags of [0, 1, ZERO | PLAIN, 4, EOS | CONTINUE, CONTINUE]) {
    assert.throws(() => read(word(0, flags)), {
      name: "FormatError",
      rule: "record-flags",
      offset: 0,
    });
  }
  assert.throws(() => read(word(1, EOS)), { rule: "record-flags" });
  const others = [[HOOK, "RDMA"], [MULTIFD, "several connections (multifd)"]];
  for (const [flags, transport] of others as [number, string][]) {
    assert.throws(() => read(word(0, flags)), {
      name: "UnsupportedError",
      rule: "record-flags",
      offset: 0,
      feature: `pages sent over ${transport}`,
    });
  }
});

test("readRamRecords() refuses pages of no block, and past its end", () => {
  assert.throws(() => read(word(0, ZERO | CONTINUE)), {
    rule: "record-block",
    offset: 0,
  });
  assert.throws(() => read(word(0, ZERO, "other")), {
    rule: "record-block",
    offset: 8,
  });
  // An empty name must not make it wait for more.
  assert.throws(() => read(word(0, ZERO, "")), {
    rule: "record-block",
    offset: 8,
  });
  for (const page of [2, 3, 2 ** 40]) {
    assert.throws(() => read(word(page, ZERO, "ram")), {
      rule: "record-inside-block",
      offset: 0,
      idstr: "ram",
    });
  }
  assert.throws(() => read(word(0, ZERO, "ram").u8(1)), {
    rule: "record-zero",
    offset: 12,
    idstr: "ram",
  });
});

test("readRamRecords() refuses deltas and packed pages that are too long", () => {
  const delta = () => word(0, XBZRLE, "ram");
  assert.throws(() => read(delta().u8(1).be16(PAGE + 1)), {
    rule: "record-xbzrle",
    offset: 13,
    idstr: "ram",
    found: "a delta of 4097 bytes",
    expected: "at most 4096",
  });
  for (const length of [0, PAGE + 1]) {
    assert.throws(() => read(delta().u8(2).be16(length)), {
      rule: "record-xbzrle",
      offset: 12,
      idstr: "ram",
      found: "the encoding 0x2",
      expected: "0x1",
    });
  }
  assert.throws(() => read(word(0, COMPRESSED, "ram").be32(PAGE + 15)), {
    rule: "record-compressed",
    offset: 12,
    idstr: "ram",
    expected: "at most 4110",
  });
  // One byte more for each 4 KiB, and for each 16 KiB.
  const large = new ByteWriter().be64(COMPRESSED).countedString("ram")
    .be32(0x2000 + 100);
  assert.throws(() => read(large, 0x2000), { expected: "at most 8207" });
  const larger = new ByteWriter().be64(COMPRESSED).countedString("ram")
    .be32(0x10000 + 100);
  assert.throws(() => read(larger, 0x10000), { expected: "at most 65569" });
});
