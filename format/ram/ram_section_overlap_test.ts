import assert from "node:assert/strict";
import { test } from "node:test";
import type { FormatError } from "../rules/errors.ts";
import { refuseViolations, StreamReader } from "../stream/stream_reader.ts";
import { ByteFile } from "../testing/byte_file.ts";
import { ramSetup, type TestBlock } from "../testing/ram_setup.ts";
import { readRamSetup } from "./ram_section.ts";
import type { RAMBlockHeader } from "./ramblock_entry.ts";

const CONFIGURATION = { machine: "none", capabilities: ["mapped-ram"] };

/** Two blocks of 0x800 bytes, each with its pages after its entry. */
const FIRST: TestBlock = { idstr: "a", bitmapOffset: 0x100 };
const SECOND: TestBlock = {
  idstr: "b",
  bitmapOffset: 0xd00,
  pagesOffset: 0xe00,
};
/** Positions of the field bitmap_offset of both. */
const FIRST_FIELD = 8 + 2 + 8 + 12;
const SECOND_FIELD = 0xc00 + 2 + 8 + 12;

function read(
  blocks: readonly TestBlock[],
  report = refuseViolations,
  bitmapWordSize = 8,
): RAMBlockHeader[] {
  const file = new ByteFile(ramSetup(blocks));
  const reader = new StreamReader(file, 0, { report });
  return file.run(function* () {
    yield* reader.fetch(8);
    return (yield* readRamSetup(reader, CONFIGURATION, bitmapWordSize)).blocks;
  }());
}

function overlapsOf(...blocks: TestBlock[]) {
  const found: { offset: number; idstr: string | undefined }[] = [];
  read(blocks, (error: FormatError) => {
    const { rule, offset, idstr } = error;
    if (rule === "bitmap-disjoint") found.push({ offset, idstr });
  });
  return found;
}

test("readRamSetup() refuses a bitmap that overlaps any part of a block", () => {
  const taken = [
    [8 - 7, "the entry of a"],
    [8 + 37, "the end of the entry of a"],
    [0x400 - 7, "the first byte of the pages of a"],
    [0xc00 - 1, "the last byte of the pages of a"],
    [0xc00 - 7, "the entry of b"],
    [0xe00 - 7, "the pages of b"],
    [0x1600 - 1, "the last byte of the pages of b"],
  ] as const;
  for (const [bitmapOffset, what] of taken) {
    for (
      const [blocks, field] of [
        [[{ ...FIRST, bitmapOffset }, SECOND], FIRST_FIELD],
        [[FIRST, { ...SECOND, bitmapOffset }], SECOND_FIELD],
      ] as const
    ) {
      assert.throws(() => read(blocks), {
        name: "FormatError",
        rule: "bitmap-disjoint",
        offset: field,
      }, what);
    }
  }
});

test("readRamSetup() accepts a bitmap that is adjacent but does not overlap", () => {
  for (
    const bitmapOffset of [8 + 38, 0x400 - 8, 0xc00 + 38, 0xe00 - 8, 0x1600]
  ) {
    assert.deepEqual(
      overlapsOf({ ...FIRST, bitmapOffset: 0x200 }, {
        ...SECOND,
        bitmapOffset,
      }),
      [],
      `${bitmapOffset}`,
    );
  }
});

test("readRamSetup() names the later of two bitmaps that overlap", () => {
  const later = { ...SECOND, bitmapOffset: 0x107 };
  assert.deepEqual(overlapsOf(FIRST, later), [
    { offset: SECOND_FIELD, idstr: "b" },
  ]);
  const same = { ...SECOND, bitmapOffset: 0x100 };
  assert.deepEqual(overlapsOf(FIRST, same), [
    { offset: SECOND_FIELD, idstr: "b" },
  ]);
  const earlier = { ...SECOND, bitmapOffset: 0xf9 };
  assert.deepEqual(overlapsOf(FIRST, earlier), [
    { offset: FIRST_FIELD, idstr: "a" },
  ]);
});

test("readRamSetup() finds an overlap after a range that is inside another", () => {
  const blocks: TestBlock[] = [
    // A bitmap of 16 bytes, from 0xf000 on.
    { ...FIRST, usedLength: 0x8000, bitmapOffset: 0xf000 },
    { ...SECOND, pagesOffset: 0x8800, bitmapOffset: 0xf001 },
    { idstr: "c", pagesOffset: 0x9800, bitmapOffset: 0xf00f },
  ];
  assert.deepEqual(overlapsOf(...blocks).map(({ idstr }) => idstr), ["b", "c"]);
});

test("readRamSetup() sizes bitmaps by the host's word size", () => {
  const near = { ...SECOND, bitmapOffset: 0x104 };
  assert.throws(() => read([FIRST, near]), {
    rule: "bitmap-disjoint",
  });
  const blocks = read([FIRST, near], refuseViolations, 4);
  assert.equal(blocks.length, 2);
});

test("readRamSetup() accepts bitmaps of 0 bytes anywhere", () => {
  const empty = { ...FIRST, usedLength: 0, pagesOffset: 0x200 };
  const second = { ...SECOND, pagesOffset: 0x800, bitmapOffset: 0x300 };
  for (const bitmapOffset of [0x205, 0x805, 0x210]) {
    assert.deepEqual(overlapsOf({ ...empty, bitmapOffset }, second), []);
  }
});
