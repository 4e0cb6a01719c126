/**
 * The records of a dirty-bitmap section (SPEC 3.9), each as a value.
 *
 * @module
 */

import type { Walk } from "../bytes/walk.ts";
import { hex } from "../rules/errors.ts";
import {
  DIRTY_BITMAP_BUFFER_MAX,
  DIRTY_BITMAP_SECTION_IDSTR,
  DIRTY_BITMAP_SECTION_VERSION,
  NAME_LENGTH_MAX,
} from "../stream/constants.ts";
import type { Section, StreamItem } from "../stream/migration_stream.ts";
import type { StreamReader } from "../stream/stream_reader.ts";

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

/**
 * Flags of a START record: enabled, persistent, and autoload, which has no
 * effect.
 */
const BITMAP_ENABLED = 0x01;
const BITMAP_PERSISTENT = 0x02;
const START_FLAGS_MASK = 0x07;

/**
 * A record. A name that is left out is that of the previous record, which may
 * be EOS.
 */
export type DirtyBitmapRecord =
  & {
    /** Position of the record's flags in the file. */
    readonly offset: number;
    /** Name of the block node, if the record has it. */
    readonly node: string | undefined;
    /** Name of the bitmap, if the record has it. */
    readonly name: string | undefined;
    /** Position of its first field after the names. */
    readonly payloadOffset: number;
  }
  & (
    | {
      readonly kind: "start";
      /** Bytes of the disk that a bit covers. */
      readonly granularity: number;
      readonly enabled: boolean;
      readonly persistent: boolean;
    }
    | {
      readonly kind: "bits";
      /** The first sector, of 512 bytes. */
      readonly sector: number;
      readonly sectorCount: number;
      /** LSB 0, valid until the next record; undefined if no bit is set. */
      readonly bits: Uint8Array | undefined;
    }
    | { readonly kind: "complete" }
    | { readonly kind: "eos" }
  );

/** Bytes of a PART with only EOS: type, section_id, EOS, footer. */
const EMPTY_PART = 1 + 4 + 1 + 5;

/** Whether a section holds dirty bitmaps, in the known version. */
export function isDirtyBitmapSection({ idstr, versionId }: Section): boolean {
  return idstr === DIRTY_BITMAP_SECTION_IDSTR &&
    versionId === DIRTY_BITMAP_SECTION_VERSION;
}

/** Whether a part of the section holds anything besides EOS. */
export function hasRecords(item: StreamItem): boolean {
  return item.range.length > EMPTY_PART;
}

/** Skips the records of one section, up to and including its EOS. */
export function* skipDirtyBitmapRecords(reader: StreamReader): Walk<void> {
  yield* readDirtyBitmapRecords(reader, () => {});
}

/** Reads the records of one section, up to and including its EOS. */
export function* readDirtyBitmapRecords(
  reader: StreamReader,
  visit: (record: DirtyBitmapRecord) => void,
): Walk<void> {
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
    const node = flags & FLAG_DEVICE_NAME
      ? reader.countedString("a node name")
      : undefined;
    const name = flags & FLAG_BITMAP_NAME
      ? reader.countedString("a bitmap name")
      : undefined;
    const head = { offset, node, name, payloadOffset: reader.offset };
    if (kind === FLAG_EOS) return visit({ kind: "eos", ...head });
    if (kind === FLAG_START) {
      visit({ kind: "start", ...head, ...start(reader) });
    } else if (kind === FLAG_COMPLETE) visit({ kind: "complete", ...head });
    else visit({ kind: "bits", ...head, ...yield* readBits(reader, flags) });
  }
}

function start(reader: StreamReader): {
  readonly granularity: number;
  readonly enabled: boolean;
  readonly persistent: boolean;
} {
  const granularity = reader.be32("the granularity");
  const { offset } = reader;
  const flags = reader.u8("the flags of a dirty bitmap");
  if ((flags & ~START_FLAGS_MASK) !== 0) {
    throw reader.formatError("dirty-bitmap-record", {
      offset,
      found: `the flags of a dirty bitmap are ${hex(flags)}`,
      expected: `no flag but ${hex(START_FLAGS_MASK)}`,
    });
  }
  return {
    granularity,
    enabled: (flags & BITMAP_ENABLED) !== 0,
    persistent: (flags & BITMAP_PERSISTENT) !== 0,
  };
}

function* readBits(reader: StreamReader, flags: number): Walk<{
  readonly sector: number;
  readonly sectorCount: number;
  readonly bits: Uint8Array | undefined;
}> {
  const sector = reader.be64("the first sector");
  const sectorCount = reader.be32("the number of sectors");
  if (flags & FLAG_ZEROES) return { sector, sectorCount, bits: undefined };
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
  const bits = reader.bytes(length, "the bits");
  return { sector, sectorCount, bits };
}
