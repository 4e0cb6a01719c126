import assert from "node:assert/strict";
import { test } from "node:test";
import { ByteWriter } from "../bytes/byte_writer.ts";
import { StreamReader } from "../stream/stream_reader.ts";
import { ByteFile } from "../testing/byte_file.ts";
import { fixedRamLayout } from "./fixed_ram_header.ts";
import { readRAMBlockHeader, writeRAMBlockHeader } from "./ramblock_header.ts";

const INLINE = "fixed-ram-inline";
const MIB = 0x100000;

/** Reads an entry with an inline bitmap, at the start of a file of 4 MiB. */
function read(entry: Uint8Array, bitmapWordSize = 8) {
  const file = new ByteFile(entry, 4 * MIB);
  const reader = new StreamReader(file, 0);
  return file.run(readRAMBlockHeader(reader, {
    ignoreShared: false,
    bitmapWordSize,
    layout: INLINE,
    pageSize: undefined,
    pageSizeRule: "page-size-uniform",
  }));
}

test("fixedRamLayout() takes a 1 and a page size for a header", () => {
  const layoutOf = (version: number, pageSize: number | bigint) =>
    fixedRamLayout(new ByteWriter().be32(version).be64(pageSize).finish());
  for (const pageSize of [1024, 4096, 2 ** 40, 1n << 63n]) {
    assert.equal(layoutOf(1, pageSize), "fixed-ram-header");
    assert.equal(layoutOf(2, pageSize), INLINE);
    assert.equal(layoutOf(8, pageSize), INLINE);
  }
  for (const pageSize of [0, 1, 512, 1025, 3072, 4095]) {
    assert.equal(layoutOf(1, pageSize), INLINE, `${pageSize}`);
  }
  const header = new ByteWriter().be32(1).be64(4096).finish();
  for (let length = 0; length < header.length; length++) {
    assert.equal(fixedRamLayout(header.subarray(0, length)), INLINE);
  }
});

test("writeRAMBlockHeader() writes the header before an inline bitmap", () => {
  const block = { idstr: "ram", usedLength: MIB, pageSize: 4096 };
  const offsets = { bitmapOffset: 4 + 8 + 12, pagesOffset: MIB };
  const writer = new ByteWriter();
  writeRAMBlockHeader(writer, { ...block, ...offsets }, { layout: INLINE });
  assert.deepEqual(
    writer.finish(),
    new ByteWriter().countedString("ram").be64(MIB).be32(32).be64(MIB).finish(),
  );
  const { entry, ignored: _, ...found } = read(writer.finish());
  assert.deepEqual(found, { ...block, ...offsets });
  assert.deepEqual(entry, { offset: 0, length: 24 });
});

test("a bitmap_size that fits the other word size is reported as such", () => {
  const entry = (bitmapSize: number) =>
    new ByteWriter().countedString("ram").be64(33 * 4096).be32(bitmapSize)
      .be64(MIB).finish();
  const one = (size: number) =>
    new ByteWriter().countedString("ram").be64(4096).be32(size).be64(MIB)
      .finish();
  assert.equal(read(entry(8)).usedLength, 33 * 4096);
  assert.throws(() => read(one(4)), {
    rule: "fixed-ram-layout",
    offset: 12,
    found: "bitmap_size is 0x4",
    expected: "0x8, or a header with version 1; " +
      "words of 4 bytes would explain it",
  });
  assert.throws(() => read(one(8), 4), {
    expected: "0x4, or a header with version 1; " +
      "words of 8 bytes would explain it",
  });
  assert.throws(() => read(one(12)), {
    expected: "0x8, or a header with version 1",
  });
});
