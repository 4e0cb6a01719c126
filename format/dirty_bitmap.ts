/**
 * The records of a dirty-bitmap section (SPEC 3.9), as far as it takes to find
 * the section's end.
 *
 * @module
 */

import { DIRTY_BITMAP_BUFFER_MAX, NAME_LENGTH_MAX } from "./constants.ts";
import { hex } from "./hex.ts";
import type { StreamReader } from "./stream_reader.ts";
import type { Walk } from "./walk.ts";

/** Flags that start each record. */
const FLAG_EOS = 0x01;
const FLAG_ZEROES = 0x02;
const FLAG_BITMAP_NAME = 0x04;
const FLAG_DEVICE_NAME = 0x08;
const FLAG_START = 0x10;
const FLAG_COMPLETE = 0x20;
const FLAG_BITS = 0x40;
const KINDS = [FLAG_EOS, FLAG_START, FLAG_COMPLETE, FLAG_BITS];
const KINDS_MASK = FLAG_EOS | FLAG_START | FLAG_COMPLETE | FLAG_BITS;

/** Flags of a START record that have a meaning: enabled, persistent, autoload. */
const START_FLAGS_MASK = 0x07;

/** Passes over the records of one section, up to and with its EOS. */
export function* skipDirtyBitmapRecords(reader: StreamReader): Walk<void> {
  for (;;) {
    yield* reader.fetch(2 * (1 + NAME_LENGTH_MAX) + 21);
    const { offset } = reader;
    const flags = reader.u8("the flags of a dirty-bitmap record");
    const kind = flags & KINDS_MASK;
    if (flags > 0x7f || !KINDS.includes(kind)) {
      throw reader.formatError("dirty-bitmap-record", {
        offset,
        found: `the flags are ${hex(flags)}`,
        expected: "one of START, BITS, COMPLETE and EOS",
      });
    }
    if (flags & FLAG_DEVICE_NAME) reader.countedString("a node name");
    if (flags & FLAG_BITMAP_NAME) reader.countedString("a bitmap name");
    if (kind === FLAG_EOS) return;
    if (kind === FLAG_START) skipStart(reader);
    if (kind === FLAG_BITS) yield* skipBits(reader, flags);
  }
}

function skipStart(reader: StreamReader): void {
  reader.be32("the granularity");
  const { offset } = reader;
  const flags = reader.u8("the flags of a dirty bitmap");
  if ((flags & ~START_FLAGS_MASK) !== 0) {
    throw reader.formatError("dirty-bitmap-record", {
      offset,
      found: `the flags of a dirty bitmap are ${hex(flags)}`,
      expected: `no flag but ${hex(START_FLAGS_MASK)}`,
    });
  }
}

function* skipBits(reader: StreamReader, flags: number): Walk<void> {
  reader.be64("the first sector");
  reader.be32("the number of sectors");
  if (flags & FLAG_ZEROES) return;
  const { offset } = reader;
  const length = reader.be64("the length of the bits");
  if (length > DIRTY_BITMAP_BUFFER_MAX) {
    throw reader.formatError("dirty-bitmap-record", {
      offset,
      found: `${length} bytes of bits`,
      expected: `at most ${DIRTY_BITMAP_BUFFER_MAX}`,
    });
  }
  yield* reader.fetch(length);
  reader.bytes(length, "the bits");
}
