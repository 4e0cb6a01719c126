/**
 * The bodies of iterable sections other than RAM (SPEC 3.9): block dirty
 * bitmaps, and two that QEMU writes only for guests of one architecture.
 *
 * @module
 */

import type { Walk } from "../bytes/walk.ts";
import { skipDirtyBitmapRecords } from "../dirty_bitmaps/dirty_bitmap.ts";
import { hex } from "../rules/errors.ts";
import {
  DIRTY_BITMAP_SECTION_IDSTR,
  DIRTY_BITMAP_SECTION_VERSION,
  HASH_TABLE_SECTION_IDSTR,
  HASH_TABLE_SECTION_VERSION,
  STORAGE_ATTRIBUTES_SECTION_IDSTR,
  STORAGE_ATTRIBUTES_SECTION_VERSION,
} from "../stream/constants.ts";
import type { Section, SectionPart } from "../stream/migration_stream.ts";
import type { StreamReader } from "../stream/stream_reader.ts";

/** A known iterable section. */
export interface IterableSection {
  readonly idstr: string;
  readonly versionId: number;
  /** Bodies of PARTs without content. */
  readonly emptyBodies: readonly (readonly number[])[];
  /** Skips the body of a START, a PART or an END. */
  skipBody(reader: StreamReader, kind: SectionPart): Walk<void>;
}

/** The flags that end a body of dirty bitmaps. */
const DIRTY_BITMAP_EOS = 0x01;

/** Flags of a word of storage attributes, below the address of a page. */
const ATTRIBUTES_EOS = 0x01;
const ATTRIBUTES_MORE = 0x02;
const ATTRIBUTES_DONE = 0x08;
const ATTRIBUTES_FLAGS_MASK = 0xfffn;

/** The word of a guest that has no hash table because it needs none. */
const NO_HASH_TABLE = 0xffffffff;
/** Bytes of a chunk's header: be32 index, be16 valid, be16 invalid entries. */
const CHUNK_HEAD = 8;
/** Bytes of an entry of a hash table. */
const ENTRY_LENGTH = 16;

const ITERABLE_SECTIONS: readonly IterableSection[] = [
  {
    idstr: DIRTY_BITMAP_SECTION_IDSTR,
    versionId: DIRTY_BITMAP_SECTION_VERSION,
    emptyBodies: [[DIRTY_BITMAP_EOS]],
    skipBody: skipDirtyBitmapRecords,
  },
  {
    idstr: STORAGE_ATTRIBUTES_SECTION_IDSTR,
    versionId: STORAGE_ATTRIBUTES_SECTION_VERSION,
    emptyBodies: [[0, 0, 0, 0, 0, 0, 0, ATTRIBUTES_EOS]],
    skipBody: skipStorageAttributes,
  },
  {
    idstr: HASH_TABLE_SECTION_IDSTR,
    versionId: HASH_TABLE_SECTION_VERSION,
    emptyBodies: [Array(4 + CHUNK_HEAD).fill(0), [0xff, 0xff, 0xff, 0xff]],
    skipBody: skipHashTable,
  },
];

/**
 * Returns the known iterable section that a section is; undefined if it is
 * none.
 */
export function iterableSection(section: Section): IterableSection | undefined {
  return ITERABLE_SECTIONS.find((it) =>
    it.idstr === section.idstr && it.versionId === section.versionId
  );
}

/** The iterable sections other than RAM that can be skipped, as text. */
export const ITERABLE_SECTION_NAMES: string = ITERABLE_SECTIONS
  .map(({ idstr, versionId }) => `${idstr} of version ${versionId}`)
  .join(", ");

/**
 * Skips words of address and flags, up to EOS; MORE has a length and that many
 * bytes.
 */
function* skipStorageAttributes(reader: StreamReader): Walk<void> {
  for (;;) {
    yield* reader.fetch(16);
    const { offset } = reader;
    const word = reader.be64BigInt("a word of storage attributes");
    const flags = Number(word & ATTRIBUTES_FLAGS_MASK);
    if (flags === ATTRIBUTES_EOS) return;
    if (flags === ATTRIBUTES_MORE) {
      const length = reader.be64("the length of storage attributes");
      yield* reader.skip(length, "storage attributes");
    } else if (flags !== ATTRIBUTES_DONE) {
      throw reader.unsupportedError("section-known", {
        feature: `storage attributes with the flags ${hex(flags)}`,
        offset,
        found: `a word of storage attributes with the flags ${hex(flags)}`,
        expected: "one of EOS (1), MORE (2) and DONE (8)",
      });
    }
  }
}

/**
 * Skips a be32. In START it is the size of the table; in the others it is 0,
 * and chunks of entries follow, up to an empty one. For a guest without a table
 * it is −1 in each.
 */
function* skipHashTable(reader: StreamReader, kind: SectionPart): Walk<void> {
  yield* reader.fetch(4 + CHUNK_HEAD);
  const { offset } = reader;
  const word = reader.be32("the first word of a hash table");
  if (kind === "start" || word === NO_HASH_TABLE) return;
  if (word !== 0) {
    throw reader.unsupportedError("section-known", {
      feature: `a hash table whose size is given again`,
      offset,
      found: `the word ${hex(word)} at the start of a part of a hash table`,
      expected: `0, or ${hex(NO_HASH_TABLE)} without a hash table`,
    });
  }
  for (;;) {
    yield* reader.fetch(CHUNK_HEAD);
    const index = reader.be32("the index of a chunk of a hash table");
    const valid = reader.be16("the number of valid entries");
    const invalid = reader.be16("the number of invalid entries");
    if (index === 0 && valid === 0 && invalid === 0) return;
    yield* reader.skip(valid * ENTRY_LENGTH, "entries of a hash table");
  }
}
