import assert from "node:assert/strict";
import { test } from "node:test";
import { ByteWriter } from "../bytes/byte_writer.ts";
import { ForwardReader } from "./forward_reader.ts";
import { ByteByByte } from "../testing/byte_by_byte.ts";
import type { StreamBlock } from "./ram_record_walk.ts";
import { readBlockList } from "./sequential_block_list.ts";

const PAGE = 0x1000;
const LIST = 4; // The flag of the total.

interface ListOptions {
  readonly capabilities?: readonly string[];
  /** Whether the stream ends after the bytes. */
  readonly ends?: boolean;
}

/** Reads a list from a socket that delivers no more bytes than are required. */
function read(
  writer: ByteWriter,
  { capabilities = [], ends = false }: ListOptions = {},
): StreamBlock[] {
  const bytes = writer.finish();
  const socket = new ByteByByte(bytes, { ends });
  const reader = new ForwardReader(socket, 0);
  const configuration = { machine: "none", capabilities };
  const list = socket.run(readBlockList(reader, configuration, PAGE));
  assert.equal(reader.offset, bytes.length, "it stops after the list");
  return [...list.values()];
}

/** Makes a list of a total and these blocks. */
function listOf(
  total: number,
  ...blocks: readonly (readonly [idstr: string, usedLength: number])[]
): ByteWriter {
  const writer = new ByteWriter().be64(total + LIST);
  for (const [idstr, usedLength] of blocks) {
    writer.countedString(idstr).be64(usedLength);
  }
  return writer;
}

test("readBlockList() reads the blocks and no further byte", () => {
  const longest = "n".repeat(255);
  const blocks = read(
    listOf(3 * PAGE, ["ram", PAGE], ["b", 0], [longest, 2 * PAGE]),
  );
  assert.deepEqual(blocks, [
    { idstr: "ram", usedLength: PAGE, index: 0 },
    { idstr: "b", usedLength: 0, index: 1 },
    { idstr: longest, usedLength: 2 * PAGE, index: 2 },
  ]);
  assert.deepEqual(read(listOf(0)), []);
});

test("readBlockList() reads addresses if x-ignore-shared is on", () => {
  const idstr = "n".repeat(255);
  const writer = listOf(2 * PAGE, [idstr, PAGE]).be64(7)
    .countedString("b").be64(PAGE).be64(1n << 63n);
  assert.deepEqual(read(writer, { capabilities: ["x-ignore-shared"] }), [
    { idstr, usedLength: PAGE, index: 0, mrAddr: 7n },
    { idstr: "b", usedLength: PAGE, index: 1, mrAddr: 1n << 63n },
  ]);
});

test("readBlockList() accepts a total with only its flag", () => {
  for (const flags of [0, 8, LIST + 1, LIST + 0x10, LIST + 0x200, 0x3ff]) {
    const writer = new ByteWriter().be64(PAGE + flags);
    assert.throws(() => read(writer), { rule: "ram-total-flag", offset: 0 });
  }
});

test("readBlockList() refuses a used_length that is not whole pages, or exceeds the total", () => {
  const cases = [
    [listOf(PAGE, ["ram", PAGE + 1]), "used-length-aligned", 8 + 4],
    [listOf(PAGE, ["ram", 1]), "used-length-aligned", 8 + 4],
    [listOf(PAGE, ["ram", 2 * PAGE]), "ram-total", 8 + 4],
    [
      listOf(2 * PAGE, ["ram", PAGE], ["b", 2 * PAGE]),
      "ram-total",
      8 + 12 + 2,
    ],
  ] as const;
  for (const [writer, rule, offset] of cases) {
    assert.throws(() => read(writer), { rule, offset });
  }
});

test("readBlockList() refuses a repeated idstr, or one that is not text", () => {
  const second = listOf(2 * PAGE, ["ram", PAGE], ["ram", PAGE]);
  assert.throws(() => read(second), { rule: "idstr-unique", offset: 8 + 12 });
  // The seventh byte after the idstr is that of an EOS word.
  for (const usedLength of [PAGE, 0x200000]) {
    const odd = listOf(4 * PAGE * PAGE, ["\x01", usedLength]);
    assert.throws(() => read(odd), { rule: "idstr-text", offset: 8 });
  }
  const nameless = listOf(PAGE, ["", PAGE + 0x1000]);
  assert.throws(() => read(nameless), { rule: "idstr-text", offset: 8 });
  for (const more of [1, 6]) {
    const cut = listOf(PAGE).bytes(new Uint8Array(more));
    assert.throws(() => read(cut, { ends: true }), {
      rule: "idstr-text",
      offset: 8,
    });
  }
});

test("readBlockList() reports a list that ends before its total", () => {
  const eos = new ByteWriter().be64(0x10).finish();
  const found = "the list ends after 0x1000 bytes of RAM";
  for (const more of [0, 50]) {
    const writer = listOf(2 * PAGE, ["ram", PAGE]).bytes(eos)
      .bytes(new Uint8Array(more));
    assert.throws(() => read(writer, { ends: true }), {
      rule: "ram-total",
      offset: 8 + 12,
      found,
      expected: "RAMBlocks of 0x2000 bytes in total",
    });
  }
});

test("readBlockList() reads 2^32 pages and 65536 blocks, and no more", () => {
  const largest = 2 ** 32 * PAGE;
  assert.equal(read(listOf(largest, ["ram", largest])).length, 1);
  assert.throws(() => read(listOf(largest + PAGE)), {
    name: "UnsupportedError",
    rule: "ram-total",
    offset: 0,
    feature: "more than 4294967296 pages of RAM",
  });
  const blocks = Array.from(
    { length: 0x10000 },
    (_, index) => [`block ${index}`, PAGE] as const,
  );
  assert.equal(read(listOf(0x10000 * PAGE, ...blocks)).length, 0x10000);
  const over = listOf(0x10001 * PAGE, ...blocks);
  const offset = over.finish().length;
  assert.throws(() => read(over.countedString("one more").be64(PAGE)), {
    name: "UnsupportedError",
    rule: "ram-total",
    offset,
    feature: "more than 65536 RAMBlocks",
  });
});
