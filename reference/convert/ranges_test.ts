import assert from "node:assert/strict";
import { test } from "node:test";
import { memorySink } from "../sinks/mod.ts";
import { memorySource } from "../sources/mod.ts";
import { memoryBlock, memoryImage } from "../testing/memory_image.ts";
import { testMemory } from "../testing/saved_file.ts";
import type { AddressSpace } from "./address_space.ts";
import type { GuestRange } from "./guest_range.ts";
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

/** The memory at an address, by the ranges. */
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
/** A machine without an architecture of its own needs the option. */
const X86 = { architecture: "x86_64" };

for (const [name, { write, open }] of Object.entries(FORMATS)) {
  test(`${name} holds each range at its address`, async () => {
    const sink = memorySink();
    await write(image(), sink, { ranges: RANGES, ...X86 });
    const memory = await open(memorySource(sink.bytes()));
    assert.deepEqual(
      memory.ranges.map(({ address, length }) => [address, length]),
      RANGES.map(({ address, length }) => [address, length])
        .toSorted(([a = 0], [b = 0]) => a - b),
    );
    await checkMemory(memory);

    // Once more, from the memory that was read.
    const again = memorySink();
    const { image: copy, ranges } = imageOfRanges(memory);
    await write(copy, again, { ranges, ...X86 });
    assert.deepEqual(again.bytes(), sink.bytes());
  });

  test(`${name} is refused if it is truncated anywhere`, async () => {
    const sink = memorySink();
    await write(image(), sink, { ranges: RANGES, ...X86 });
    const whole = sink.bytes();
    // A core ends at a page boundary; nothing is missing after the last range.
    const { ranges } = await open(memorySource(whole));
    const end = Math.max(...ranges.map((it) => (it.position ?? 0) + it.length));
    for (let length = 1; length < end; length += 1 + length % 997) {
      const cut = memorySource(whole.subarray(0, length), { name: "cut" });
      await assert.rejects(open(cut), /^SourceError: Cannot read "cut" as/);
    }
  });

  test(`${name} of overlapping or missing ranges is refused`, async () => {
    const bad: readonly [GuestRange, RegExp][] = [
      [{ ...RANGES[1], address: 0x100800 }, /none that overlap/],
      [{ ...RANGES[1], length: 17 * PAGE }, /a range inside its 65536 bytes/],
      [{ ...RANGES[1], offset: -1 }, /a range inside/],
      [{ ...RANGES[1], idstr: "x" }, /Cannot find RAMBlock "x"/],
    ];
    for (const [range, message] of bad) {
      const sink = memorySink();
      const ranges = [RANGES[2], range];
      await assert.rejects(write(image(), sink, { ranges, ...X86 }), message);
      assert.equal(sink.bytes().length, 0);
    }
  });
}
