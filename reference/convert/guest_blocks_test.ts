import assert from "node:assert/strict";
import { test } from "node:test";
import { memorySource } from "../sources/mod.ts";
import { testMemory } from "../testing/saved_file.ts";
import { AddressSpace, type PlacedRange } from "./address_space.ts";
import { type Architecture, architectureNamed } from "./architecture.ts";
import { guestBlocks, type GuestBlocksOptions } from "./guest_blocks.ts";

const PAGE = 4096;
const MIB = 2 ** 20;
const GIB = 2 ** 30;

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
  const { blocks: [block] } = await guestBlocks(memory, { machine });
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
  const { blocks: [flat] } = await guestBlocks(memory);
  assert.equal(flat?.idstr, "ram");
  assert.equal(flat?.usedLength, 5 * GIB);
});

test("guestBlocks() uses memory below 1 MiB if it is RAM", async () => {
  const bytes = testMemory(0x200, [0xc1, 0x100]);
  const machine = "pc-q35-10.0";
  const whole = { address: 0, length: bytes.length, position: 0 };
  const parts = [
    { address: 0, length: 0xa0000, position: 0 },
    { address: 0xc0000, length: 0x40000, position: 0xc0000 }, // a ROM
    { address: 0x100000, length: 0x100000, position: 0x100000 },
  ];
  for (const [ranges, isThere] of [[[whole], true], [parts, false]] as const) {
    const memory = new AddressSpace(memorySource(bytes), ranges);
    const { blocks: [block] } = await guestBlocks(memory, { machine });
    const found = new Uint8Array(bytes.length);
    await block?.source.readInto(found, 0);
    const expected = bytes.slice();
    if (!isThere) expected.fill(0, 0xc0000, 0x100000);
    assert.deepEqual(found, expected);
  }
});

/** Memory in which each page contains its address. */
function addressed(
  ranges: readonly (readonly [number, number])[],
  architecture?: Architecture,
): AddressSpace {
  const source = {
    name: "addressed",
    byteLength: 2 ** 52,
    readInto(target: Uint8Array, offset: number): Promise<void> {
      for (let at = 0; at < target.length; at++) {
        target[at] = 1 + Math.floor((offset + at) / PAGE) % 251;
      }
      return Promise.resolve();
    },
  };
  const placed = ranges.map(([first, end]): PlacedRange => ({
    address: first,
    length: end - first,
    position: first,
  }));
  return new AddressSpace(source, placed, { architecture });
}

/** Sets of memory: RAM with gaps, RAM of other machines, RAM with devices. */
const LAYOUTS: readonly (readonly (readonly [number, number])[])[] = [
  [[0, 16 * MIB]],
  [[0x1000, 0xa0000], [0x140000, 0x400000]],
  [[0x1000, 0xa0000], [MIB, 0x206000], [0x208000, 0x20b000], [0x300000, GIB]],
  [[0, 0xa0000], [0xc0000, 3 * GIB], [4 * GIB, 5 * GIB]],
  [[0, 0xa0000], [0xc0000, 2 * GIB], [4 * GIB, 6 * GIB]],
  [[0, 0xa0000], [0xc0000, 2 * GIB], [0xfd000000, 0xfe000000]],
  [[0, 0xa0000], [0xc0000, 64 * MIB], [4 * GIB, 4 * GIB + 128 * MIB]],
  [[0, 3.25 * GIB], [0xfd000000, 0xfe000000], [0xfffc0000, 4 * GIB]],
  [[0x40000000, 0x40400000]],
];
const OPTIONS: readonly GuestBlocksOptions[] = [
  ...["none", "pc", "pc-q35-10.0", "microvm"].flatMap((machine) => [
    { machine },
    { machine, ramLength: 4 * MIB },
    { machine, ramLength: 4 * GIB },
  ]),
  { ranges: [{ address: MIB, length: MIB, idstr: "x", offset: 0 }] },
];

test("guestBlocks() loses no memory silently: it is in a block, listed, or refused", async () => {
  let count = 0;
  for (const layout of LAYOUTS) {
    for (const options of OPTIONS) {
      const memory = addressed(layout);
      let found;
      try {
        found = await guestBlocks(memory, options);
      } catch (error) {
        assert.match(String(error), /^SourceError: .*(0x|physical)/);
        continue;
      }
      count++;
      const { blocks, leftOut } = found;
      const inBlocks = blocks.flatMap((it) => [...it.dataRanges ?? []])
        .reduce((sum, { length }) => sum + length, 0);
      const named = leftOut.reduce((sum, { length }) => sum + length, 0);
      const all = layout.reduce((sum, [first, end]) => sum + end - first, 0);
      assert.equal(inBlocks + named, all, JSON.stringify([layout, options]));
      for (const { idstr, usedLength, dataRanges } of blocks) {
        for (const { offset, length } of dataRanges ?? []) {
          assert.ok(offset + length <= (usedLength ?? 0), idstr);
        }
      }
      // Only device memory may be lost, unless ranges were given.
      if (options.ranges !== undefined) continue;
      for (const { address, length } of leftOut) {
        assert.ok(
          address >= 0xa0000 && address + length <= MIB ||
            address >= 0xc0000000 && address + length <= 4 * GIB,
        );
      }
    }
  }
  assert.ok(count > 15);
});

test("guestBlocks() accepts RAM after a gap, and reports the gap", async () => {
  const memory = addressed([[0x1000, 0xa0000], [0x140000, 0x400000]]);
  for (const machine of ["pc-q35-10.0", "microvm"]) {
    const { blocks: [block], missing } = await guestBlocks(memory, { machine });
    assert.equal(block?.usedLength, 0x400000);
    const page = new Uint8Array(PAGE);
    await block.source.readInto(page, 0x3ff000);
    assert.deepEqual(page, new Uint8Array(PAGE).fill(1 + 0x3ff % 251));
    assert.deepEqual(missing, [
      { address: 0, length: PAGE },
      { address: MIB, length: 0x40000 },
    ]);
  }
});

test("guestBlocks() refuses memory where the machine has none", async () => {
  const split = addressed([[0, 3 * GIB], [4 * GIB, 5 * GIB]]);
  await assert.rejects(
    guestBlocks(split, { machine: "pc-q35-10.0", ramLength: 4 * GIB }),
    /from 0x80000000 to 0xbfffffff/,
  );
  const high = addressed([[0x40000000, 0x40400000]]);
  await assert.rejects(
    guestBlocks(high, { ramLength: 4 * MIB }),
    /with 4194304 bytes of RAM: it has memory from 0x40000000/,
  );
  await assert.rejects(
    guestBlocks(high, { machine: "pc-q35-10.0" }),
    /it has none below 0xa0000/,
  );
  // A DIMM above 4 GiB is not the end of a split RAM.
  const dimm = addressed([[0, 64 * MIB], [4 * GIB, 4 * GIB + 128 * MIB]]);
  await assert.rejects(
    guestBlocks(dimm, { machine: "pc-i440fx-10.0" }),
    /memory at 0x100000000 and after it, but below it ends at 0x4000000/,
  );
});

test("guestBlocks() builds the blocks whose ranges are given", async () => {
  const memory = addressed([[0x40000000, 0x40400000], [0, MIB]]);
  const { blocks, leftOut, missing } = await guestBlocks(memory, {
    machine: "virt-10.0",
    ranges: [
      { address: 0x40000000, length: 8 * MIB, idstr: "ram", offset: 0 },
      { address: 0x1000, length: 0x1000, idstr: "rom", offset: 0x2000 },
    ],
  });
  assert.deepEqual(
    blocks.map(({ idstr, usedLength }) => [idstr, usedLength]),
    [["ram", 8 * MIB], ["rom", 0x3000]],
  );
  assert.deepEqual(leftOut, [
    { address: 0, length: 0x1000 },
    { address: 0x2000, length: MIB - 0x2000 },
  ]);
  assert.deepEqual(missing, [{ address: 0x40400000, length: 4 * MIB }]);
  const page = new Uint8Array(1);
  await blocks[1]?.source.readInto(page, 0x2000);
  assert.equal(page[0], 2);
});

test("guestBlocks() refuses the memory of another architecture", async () => {
  const ranges = [[0, MIB]] as const;
  for (const name of ["aarch64", "riscv64", "s390x", "ppc64"]) {
    const memory = addressed(ranges, architectureNamed(name));
    const machine = "pc-q35-10.0";
    await assert.rejects(
      guestBlocks(memory, { machine }),
      new RegExp(`it is of ${name} .ELF machine \\d+., expected x86_64`),
    );
    assert.equal((await guestBlocks(memory)).blocks.length, 1);
  }
  for (const name of ["x86_64", "i386"]) {
    const memory = addressed(ranges, architectureNamed(name));
    const { blocks } = await guestBlocks(memory, { machine: "pc" });
    assert.equal(blocks.length, 1);
  }
});
