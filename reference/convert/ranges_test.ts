import assert from "node:assert/strict";
import { test } from "node:test";
import { memorySink } from "../sinks/memory_sink.ts";
import { memorySource } from "../sources/memory_source.ts";
import { memoryBlock, memoryImage } from "../testing/memory_image.ts";
import { testMemory } from "../testing/saved_file.ts";
import { AddressSpace } from "./address_space.ts";
import { guestBlocks } from "./guest_blocks.ts";
import type { GuestRange } from "./guest_map.ts";
import { imageOfRanges } from "./image_of_ranges.ts";
import type { MemoryImage } from "./memory_image.ts";
import { openElfCore } from "./read_elf_core.ts";
import { openLime } from "./read_lime.ts";
import { writeElfCore } from "./write_elf_core.ts";
import { writeLime } from "./write_lime.ts";

const PAGE = 4096;
const MEMORY = testMemory(16, [0, 3, 4, 5, 15]);
const VIDEO = testMemory(4, [1]);
const RANGES: readonly GuestRange[] = [
  { address: 0x10000000, length: 4 * PAGE, idstr: "vram", offset: 0 },
  { address: 0, length: 4 * PAGE + 512, idstr: "ram", offset: 0 },
  { address: 0x100000, length: 11 * PAGE, idstr: "ram", offset: 5 * PAGE },
];

function image(): MemoryImage {
  const blocks = [memoryBlock("ram", MEMORY), memoryBlock("vram", VIDEO)];
  return memoryImage("none", blocks);
}

/** The memory at an address, as the ranges have it. */
async function checkMemory(memory: AddressSpace): Promise<void> {
  for (const { address, length, idstr, offset } of RANGES) {
    const found = new Uint8Array(length).fill(0x5a);
    await memory.readInto(found, address);
    const block = idstr === "ram" ? MEMORY : VIDEO;
    assert.deepEqual(found, block.subarray(offset, offset + length));
  }
  const hole = new Uint8Array(64).fill(0x5a);
  await memory.readInto(hole, 0xf0000);
  assert.deepEqual(hole, new Uint8Array(64));
}

const FORMATS = {
  "an ELF core": { write: writeElfCore, open: openElfCore },
  LiME: { write: writeLime, open: openLime },
};

for (const [name, { write, open }] of Object.entries(FORMATS)) {
  test(`${name} holds each range at its address`, async () => {
    const sink = memorySink();
    await write(image(), sink, { ranges: RANGES });
    const memory = await open(memorySource(sink.bytes()));
    assert.deepEqual(
      memory.ranges.map(({ address, length }) => [address, length]),
      RANGES.map(({ address, length }) => [address, length])
        .toSorted(([a = 0], [b = 0]) => a - b),
    );
    await checkMemory(memory);

    // And once more, from what was read.
    const again = memorySink();
    const { image: copy, ranges } = imageOfRanges(memory);
    await write(copy, again, { ranges });
    assert.deepEqual(again.bytes(), sink.bytes());
  });

  test(`${name} that is cut anywhere is refused`, async () => {
    const sink = memorySink();
    await write(image(), sink, { ranges: RANGES });
    const whole = sink.bytes();
    // A core ends at a whole page; behind the last range nothing is missed.
    const { ranges } = await open(memorySource(whole));
    const end = Math.max(...ranges.map((it) => it.position + it.length));
    for (let length = 1; length < end; length += 1 + length % 997) {
      const cut = memorySource(whole.subarray(0, length), { name: "cut" });
      await assert.rejects(open(cut), /^SourceError: Cannot read "cut" as/);
    }
  });

  test(`${name} of ranges that overlap, or are not there, is refused`, async () => {
    const bad: readonly [GuestRange, RegExp][] = [
      [{ ...RANGES[1], address: 0x100800 }, /none that overlap/],
      [{ ...RANGES[1], length: 17 * PAGE }, /a range inside its 65536 bytes/],
      [{ ...RANGES[1], offset: -1 }, /a range inside/],
      [{ ...RANGES[1], idstr: "x" }, /Cannot find RAMBlock "x"/],
    ];
    for (const [range, message] of bad) {
      const sink = memorySink();
      const ranges = [RANGES[2], range];
      await assert.rejects(write(image(), sink, { ranges }), message);
      assert.equal(sink.bytes().length, 0);
    }
  });
}

test("guestBlocks() closes the hole below 4 GiB", async () => {
  const GIB = 2 ** 30;
  const bytes = new Uint8Array(3 * PAGE);
  for (let page = 0; page < 3; page++) bytes.fill(page + 1, page * PAGE);
  const memory = new AddressSpace(memorySource(bytes), [
    { address: PAGE, length: PAGE, position: 0 },
    { address: 3 * GIB - PAGE, length: PAGE, position: PAGE },
    { address: 5 * GIB - PAGE, length: PAGE, position: 2 * PAGE },
  ]);
  const machine = "pc-i440fx-10.0";
  const [block] = await guestBlocks(memory, { machine });
  assert.equal(block?.usedLength, 4 * GIB);
  const at = async (offset: number) => {
    const byte = new Uint8Array(1);
    await block?.source.readInto(byte, offset);
    return byte[0];
  };
  assert.deepEqual(
    await Promise.all(
      [0, PAGE, 3 * GIB - 1, 3 * GIB, 4 * GIB - 1].map(at),
    ),
    [0, 1, 2, 0, 3],
  );
  const [flat] = await guestBlocks(memory);
  assert.equal(flat?.idstr, "ram");
  assert.equal(flat?.usedLength, 5 * GIB);
});

test("guestBlocks() takes what lies below 1 MiB where it is RAM", async () => {
  const bytes = testMemory(0x200, [0xc1, 0x100]);
  const machine = "pc-q35-10.0";
  const whole = { address: 0, length: bytes.length, position: 0 };
  const parts = [
    { address: 0xc0000, length: 0x40000, position: 0xc0000 }, // a ROM
    { address: 0x100000, length: 0x100000, position: 0x100000 },
  ];
  for (const [ranges, isThere] of [[[whole], true], [parts, false]] as const) {
    const memory = new AddressSpace(memorySource(bytes), ranges);
    const [block] = await guestBlocks(memory, { machine });
    const found = new Uint8Array(bytes.length);
    await block?.source.readInto(found, 0);
    const expected = bytes.slice();
    if (!isThere) expected.fill(0, 0xc0000, 0x100000);
    assert.deepEqual(found, expected);
  }
});

test("openElfCore() reads cores of 32 bits", async () => {
  const bytes = new Uint8Array(0x2000);
  const view = new DataView(bytes.buffer);
  bytes.set([0x7f, 0x45, 0x4c, 0x46, 1, 1, 1]);
  view.setUint16(16, 4, true);
  view.setUint32(28, 52, true);
  view.setUint16(42, 32, true);
  view.setUint16(44, 1, true);
  const segment = [1, 0x1000, 0, 0x500000, 0x800, 0x1000];
  for (const [index, word] of segment.entries()) {
    view.setUint32(52 + 4 * index, word, true);
  }
  bytes.fill(7, 0x1000, 0x1800);
  const memory = await openElfCore(memorySource(bytes));
  const found = new Uint8Array(2);
  await memory.readInto(found, 0x500000 + 0x7fe);
  assert.deepEqual([...found], [7, 7]);
  assert.equal(memory.byteLength, 0x500800);
});
