import assert from "node:assert/strict";
import { test } from "node:test";
import { ByteWriter } from "../bytes/byte_writer.ts";
import type { StreamItem } from "../stream/migration_stream.ts";
import { ByteFile } from "../testing/byte_file.ts";
import { type DirtyBitmap, readDirtyBitmaps } from "./dirty_bitmap_set.ts";

const SECTION = {
  sectionId: 3,
  idstr: "dirty-bitmap",
  instanceId: 0,
  versionId: 1,
};

/** Reads the bitmaps of a PART with these records. */
function read(records: ByteWriter, more: readonly StreamItem[] = []) {
  const file = new ByteFile(
    new ByteWriter().u8(2).be32(3).bytes(records.u8(1).finish()).finish(),
  );
  const range = { offset: 0, length: file.byteLength };
  const part: StreamItem = { kind: "part", section: SECTION, range };
  const ranges: string[] = [];
  const onDirty = (
    { name }: DirtyBitmap,
    { offset, length }: { offset: number; length: number },
  ) => void ranges.push(`${name} ${offset}+${length}`);
  const items = [...more, part];
  return {
    bitmaps: file.run(readDirtyBitmaps(file, items, { onDirty })),
    ranges,
  };
}

function start(writer: ByteWriter, name: string, granularity = 512) {
  return writer.u8(0x1c).countedString("n").countedString(name)
    .be32(granularity).u8(0);
}

test("readDirtyBitmaps() skips items that are not part of a section", () => {
  const range = { offset: 0, length: 1 };
  const { bitmaps } = read(start(new ByteWriter(), "b").u8(0x20), [
    { kind: "eof", range },
    { kind: "command", command: 5, range },
  ]);
  assert.deepEqual(bitmaps.map(({ name }) => name), ["b"]);
});

test("readDirtyBitmaps() accepts bits up to the end of the largest disk", () => {
  const last = (2 ** 53 - 2 ** 15) / 512;
  const records = (sectors: number) =>
    start(new ByteWriter(), "b").u8(0x40).be64(last).be32(sectors).be64(8)
      .bytes(new Uint8Array(8).fill(0x80)).u8(0x20);
  const { bitmaps, ranges } = read(records(63));
  assert.equal(bitmaps[0].coveredBytes, 63 * 512);
  assert.deepEqual(
    ranges,
    [
      7,
      15,
      23,
      31,
      39,
      47,
      55,
    ].map((bit) => `b ${2 ** 53 - 2 ** 15 + bit * 512}+512`),
  );
  assert.throws(() => read(records(64)), {
    name: "FormatError",
    rule: "u64-range",
    offset: 5 + 1 + 2 + 2 + 5 + 1,
  });
});

test("readDirtyBitmaps() reads 65536 bitmaps, and no more", () => {
  const writer = new ByteWriter();
  for (let index = 0; index < 0x10000; index++) {
    start(writer, `b${index}`).u8(0x20);
  }
  const records = writer.finish();
  const copy = () => new ByteWriter().bytes(records);
  assert.equal(read(copy()).bitmaps.length, 0x10000);
  assert.throws(() => read(start(copy(), "more")), {
    name: "UnsupportedError",
    rule: "dirty-bitmap-started",
    offset: 5 + records.length,
    feature: "more than 65536 dirty bitmaps",
  });
});
