import assert from "node:assert/strict";
import { test } from "node:test";
import { ByteReader } from "../bytes/byte_reader.ts";
import { ByteWriter } from "../bytes/byte_writer.ts";
import type { FormatError } from "../rules/errors.ts";
import type { RuleSlug } from "../rules/rules.ts";
import { refuseViolations, StreamReader } from "../stream/stream_reader.ts";
import { ByteFile } from "../testing/byte_file.ts";
import { entryOf, type TestBlock } from "../testing/ram_setup.ts";
import { readMappedRamHeader } from "./mapped_ram_header.ts";
import type { RAMBlockContext } from "./ramblock_checks.ts";
import type { RAMBlockHeader } from "./ramblock_entry.ts";
import { readRAMBlockHeader, writeRAMBlockHeader } from "./ramblock_header.ts";

const CONTEXT: RAMBlockContext = {
  ignoreShared: false,
  bitmapWordSize: 8,
  pageSize: undefined,
  pageSizeRule: "page-size-uniform",
};
/** Position of the entry, and of the header of a block named "ram". */
const ENTRY = 16;
const HEADER = ENTRY + 4 + 8;
const FILE_LENGTH = 0x10000;

function read(
  block: TestBlock,
  context: Partial<RAMBlockContext> = {},
  report = refuseViolations,
): RAMBlockHeader {
  const bytes = new ByteWriter().bytes(new Uint8Array(ENTRY))
    .bytes(entryOf(block).finish()).finish();
  const file = new ByteFile(bytes, FILE_LENGTH);
  const reader = new StreamReader(file, ENTRY, { report });
  return file.run(readRAMBlockHeader(reader, { ...CONTEXT, ...context }));
}

function warningsOf(block: TestBlock): [RuleSlug, number][] {
  const found: [RuleSlug, number][] = [];
  read(block, {}, ({ rule, offset }: FormatError) => {
    found.push([rule, offset]);
  });
  return found;
}

function assertRefused(
  block: TestBlock,
  rule: RuleSlug,
  offset: number,
  context: Partial<RAMBlockContext> = {},
): void {
  const what = `${rule} ${Object.values(block)}`;
  assert.throws(() => read(block, context), {
    name: "FormatError",
    rule,
    offset,
  }, what);
}

test("readRAMBlockHeader() reads every field", () => {
  assert.deepEqual(read({ idstr: "/rom@etc/acpi" }), {
    idstr: "/rom@etc/acpi",
    usedLength: 0x800,
    pageSize: 0x100,
    bitmapOffset: 0x100,
    pagesOffset: 0x400,
    ignored: false,
    entry: { offset: ENTRY, length: 14 + 8 + 28 },
  });
});

test("readRAMBlockHeader() reads any value of mr_addr with ignoreShared", () => {
  const mrAddr = 0xffffffffffffffffn;
  const block = read({ mrAddr }, { ignoreShared: true });
  assert.equal(block.mrAddr, mrAddr);
  assert.equal(block.entry.length, 4 + 8 + 8 + 28);
  assert.equal(block.pagesOffset, 0x400);
});

test("readRAMBlockHeader() reads the longest entry wherever a window ends", () => {
  const entry = entryOf({ idstr: "n".repeat(255), mrAddr: 7n }).finish();
  for (let start = 0; start <= 384; start++) {
    const bytes = new ByteWriter().bytes(new Uint8Array(start)).bytes(entry);
    const file = new ByteFile(bytes.finish(), FILE_LENGTH);
    const reader = new StreamReader(file, 0);
    file.run(reader.fetch(1));
    reader.seek(start);
    const context = { ...CONTEXT, ignoreShared: true };
    const block = file.run(readRAMBlockHeader(reader, context));
    assert.equal(block.entry.length, entry.length);
  }
});

test("readRAMBlockHeader() refuses an idstr that is empty or not text", () => {
  for (const idstr of ["", "a\0", "\x7f", "\t"]) {
    assertRefused({ idstr }, "idstr-text", ENTRY);
  }
  assert.equal(read({ idstr: "n".repeat(255) }).idstr.length, 255);
});

test("readRAMBlockHeader() accepts each power of two from 256 to 1 MiB", () => {
  for (let bits = 8; bits <= 20; bits++) {
    const pageSize = 2 ** bits;
    const usedLength = 0;
    const block = { pageSize, usedLength, pagesOffset: pageSize };
    if (pageSize > FILE_LENGTH) {
      assertRefused(block, "pages-inside-file", HEADER + 20);
    } else assert.equal(read(block).pageSize, pageSize);
  }
});

test("readRAMBlockHeader() refuses every other page_size", () => {
  const sizes = [0, 1, 128, 255, 257, 0xfff, 0x1001, 0x1800, 2 ** 20 + 1];
  for (const pageSize of [...sizes, 2 ** 21, 2 ** 52, 2 ** 53 - 1]) {
    assertRefused({ pageSize }, "page-size-valid", HEADER + 4);
  }
});

test("readRAMBlockHeader() refuses a page_size other than the required one", () => {
  for (const pageSizeRule of ["page-size-uniform", "page-size-target"]) {
    const context = {
      pageSize: 0x200,
      pageSizeRule: pageSizeRule as RuleSlug,
    };
    assertRefused({}, pageSizeRule as RuleSlug, HEADER + 4, context);
    assert.equal(read({ pageSize: 0x200 }, context).pageSize, 0x200);
  }
});

test("readRAMBlockHeader() refuses a used_length that is not whole pages", () => {
  for (const usedLength of [1, 0xff, 0x801, 2 ** 53 - 1]) {
    assertRefused({ usedLength }, "used-length-aligned", ENTRY + 4);
  }
});

test("readRAMBlockHeader() refuses numbers above 2^53 - 1, sums too", () => {
  const huge = 2n ** 53n;
  assertRefused({ usedLength: huge }, "u64-range", ENTRY + 4);
  assertRefused({ pageSize: huge }, "u64-range", HEADER + 4);
  assertRefused({ bitmapOffset: huge }, "u64-range", HEADER + 12);
  assertRefused({ pagesOffset: huge }, "u64-range", HEADER + 20);
  const usedLength = 2n ** 53n - 0x100n;
  assertRefused({ usedLength }, "u64-range", HEADER + 20);
  assertRefused({ bitmapOffset: huge - 1n }, "u64-range", HEADER + 12);
});

test("readRAMBlockHeader() refuses pages at an invalid position", () => {
  assertRefused({ pagesOffset: 0x480 }, "pages-offset-aligned", HEADER + 20);
  const tooLow: TestBlock = { idstr: "n".repeat(255), pagesOffset: 0x100 };
  assertRefused(tooLow, "pages-after-header", HEADER + 252 + 20);
  const atEnd = FILE_LENGTH - 0x800;
  assert.equal(read({ pagesOffset: atEnd }).pagesOffset, atEnd);
  const beyondEnd = { pagesOffset: atEnd + 0x100 };
  assertRefused(beyondEnd, "pages-inside-file", HEADER + 20);
});

test("readRAMBlockHeader() accepts pages right after the header", () => {
  const idstr = "n".repeat(0x100 - ENTRY - 1 - 8 - 28);
  assert.equal(read({ idstr, pagesOffset: 0x100 }).pagesOffset, 0x100);
});

test("readRAMBlockHeader() refuses a bitmap that is not in the file", () => {
  const last = FILE_LENGTH - 8;
  assert.equal(read({ bitmapOffset: last }).bitmapOffset, last);
  assert.equal(read({ bitmapOffset: 1 }).bitmapOffset, 1);
  assertRefused({ bitmapOffset: last + 1 }, "bitmap-inside-file", HEADER + 12);
  // A 32-bit host's word is shorter.
  const context = { bitmapWordSize: 4 };
  assert.equal(
    read({ bitmapOffset: last + 4 }, context).bitmapOffset,
    last + 4,
  );
});

test("readRAMBlockHeader() accepts offsets of 0 only for ignored blocks", () => {
  const mrAddr = 0n;
  const shared = { ignoreShared: true };
  const both = { bitmapOffset: 0, pagesOffset: 0 };
  assert.equal(read({ mrAddr, ...both }, shared).ignored, true);
  assertRefused(both, "ignored-block", HEADER + 12);
  for (const one of [{ bitmapOffset: 0 }, { pagesOffset: 0 }]) {
    assertRefused(one, "ignored-block", HEADER + 12);
    assertRefused({ mrAddr, ...one }, "ignored-block", HEADER + 20, shared);
  }
  assertRefused(
    { mrAddr, ...both, usedLength: 1 },
    "used-length-aligned",
    ENTRY + 4,
    shared,
  );
});

test("readRAMBlockHeader() reports values that a writer must not write", () => {
  const block = { idstr: "n", pagesOffset: 0x100, bitmapOffset: 0x36 };
  assert.deepEqual(warningsOf(block), [
    ["pages-offset-mebibyte", HEADER - 2 + 20],
  ]);
  assert.deepEqual(warningsOf({ usedLength: 0, bitmapOffset: 0x200 }), [
    ["used-length-positive", ENTRY + 4],
    ["pages-offset-mebibyte", HEADER + 20],
    ["bitmap-after-header", HEADER + 12],
  ]);
});

test("readMappedRamHeader() distinguishes an older version from a newer one", () => {
  const bytesOf = (version: number) =>
    new ByteWriter().be32(version).bytes(new Uint8Array(24)).finish();
  const readVersion = (version: number) =>
    readMappedRamHeader(
      new ByteReader("f", bytesOf(version), { offset: 5 }),
      "ram",
    );
  assert.throws(() => readVersion(0), {
    name: "FormatError",
    rule: "mapped-ram-version",
    offset: 5,
    idstr: "ram",
  });
  for (const version of [2, 0x01000000, 0xffffffff]) {
    assert.throws(() => readVersion(version), {
      name: "UnsupportedError",
      rule: "mapped-ram-version",
      feature: `mapped-ram header version ${version}`,
    });
  }
});

test("writeRAMBlockHeader() writes what readRAMBlockHeader() reads", () => {
  const block = {
    idstr: "pc.ram",
    usedLength: 0x10000,
    pageSize: 0x1000,
    bitmapOffset: 0x2000,
    pagesOffset: 0x100000,
  };
  const writer = new ByteWriter();
  writeRAMBlockHeader(writer, block);
  const file = new ByteFile(writer.finish(), 2 ** 40);
  const reader = new StreamReader(file, 0);
  const { entry, ignored: _, ...found } = file.run(
    readRAMBlockHeader(reader, CONTEXT),
  );
  assert.deepEqual(found, block);
  assert.equal(entry.length, writer.length);
});
