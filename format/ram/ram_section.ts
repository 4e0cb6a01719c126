/**
 * The START of the RAM section (SPEC 4): the total and the list of RAMBlocks.
 *
 * @module
 */

import { guessEntryOffsets, pageCountOf } from "../bitmap/layout.ts";
import type { Walk } from "../bytes/walk.ts";
import { type FormatError, hex } from "../rules/errors.ts";
import type { Configuration } from "../stream/configuration.ts";
import {
  CAPABILITY_FIXED_RAM,
  CAPABILITY_IGNORE_SHARED,
  RAM_PAGES_MAX,
  RAM_SAVE_FLAG_EOS,
  RAM_SAVE_FLAG_MEM_SIZE,
  RAM_SAVE_FLAGS_MASK,
  RAM_SECTION_VERSION,
} from "../stream/constants.ts";
import type { Section } from "../stream/migration_stream.ts";
import type { StreamReader } from "../stream/stream_reader.ts";
import { checkBitmapsDisjoint } from "./bitmaps_disjoint.ts";
import {
  FIXED_RAM_HEADER_LENGTH,
  fixedRamLayout,
  type RamLayout,
} from "./fixed_ram_header.ts";
import { readEos } from "./ram_body.ts";
import type { RAMBlockHeader } from "./ramblock_entry.ts";
import { RAMBLOCK_ENTRY_MAX, readRAMBlockHeader } from "./ramblock_header.ts";

/** Refuses a RAM section of a version other than 4. */
export function checkRamVersion(
  reader: StreamReader,
  section: Section,
): void {
  const { versionId } = section;
  if (versionId === RAM_SECTION_VERSION) return;
  const violation = {
    offset: reader.offset - 4,
    found: `the RAM section has version ${versionId}`,
    expected: `version ${RAM_SECTION_VERSION}`,
  };
  if (versionId < RAM_SECTION_VERSION) {
    throw reader.formatError("ram-section-version", violation);
  }
  const feature = `RAM section version ${versionId}`;
  throw reader.unsupportedError("ram-section-version", {
    ...violation,
    feature,
  });
}

/** Makes the error for a second RAM section, whose START is at `offset`. */
export function secondRamSection(
  reader: StreamReader,
  section: Section,
  first: Section,
  offset: number,
): FormatError {
  return reader.formatError("ram-section-unique", {
    offset,
    found: `a second RAM section, ${section.sectionId}`,
    expected: `section ${first.sectionId} alone`,
  });
}

/** Makes the error for a stream that ends at `offset` without a RAM section. */
export function noRamSection(
  reader: StreamReader,
  { offset, found }: { readonly offset: number; readonly found: string },
): FormatError {
  return reader.formatError("ram-section-present", {
    offset,
    found,
    expected: "a RAM section",
  });
}

/** The contents of the body of START. */
export interface RamSetup {
  /** The RAMBlocks, in the order of the file. */
  readonly blocks: RAMBlockHeader[];
  /** How they are laid out. */
  readonly layout: RamLayout;
}

/** Reads the body of START: total, list of RAMBlocks, EOS. */
export function* readRamSetup(
  reader: StreamReader,
  configuration: Configuration,
  bitmapWordSize: number,
): Walk<RamSetup> {
  const total = readTotal(reader);
  const { capabilities } = configuration;
  const ignoreShared = capabilities.includes(CAPABILITY_IGNORE_SHARED);
  const isFixedRam = capabilities.includes(CAPABILITY_FIXED_RAM);
  let layout: RamLayout = isFixedRam ? "fixed-ram-header" : "mapped-ram";
  const targetPageSize = configuration.targetPageBits === undefined
    ? undefined
    : 2 ** configuration.targetPageBits;
  const blocks: RAMBlockHeader[] = [];
  const idstrs = new Set<string>();
  let pageCount = 0;
  for (let sum = 0; sum < total;) {
    yield* reader.fetch(8, () => guessEntryOffsets(reader.offset));
    checkListGoesOn(reader, sum, total);
    if (isFixedRam && blocks.length === 0) {
      layout = yield* peekLayout(reader, ignoreShared);
    }
    const block = yield* readRAMBlockHeader(reader, {
      ignoreShared,
      layout,
      bitmapWordSize,
      pageSize: targetPageSize ?? blocks[0]?.pageSize,
      pageSizeRule: targetPageSize === undefined
        ? "page-size-uniform"
        : "page-size-target",
    });
    sum += block.usedLength;
    checkTotal(reader, block, sum, total);
    if (!block.ignored) {
      pageCount += pageCountOf(block.usedLength, block.pageSize);
      checkPageCount(reader, block, pageCount);
    }
    if (idstrs.has(block.idstr)) {
      throw reader.formatError("idstr-unique", {
        offset: block.entry.offset,
        found: `a second RAMBlock ${JSON.stringify(block.idstr)}`,
        expected: "a unique idstr",
      });
    }
    idstrs.add(block.idstr);
    blocks.push(block);
    if (!block.ignored) reader.seek(block.pagesOffset + block.usedLength);
  }
  yield* readEos(reader, "ram-setup-end", layout);
  checkBitmapsDisjoint(reader, blocks, { bitmapWordSize, layout });
  return { blocks, layout };
}

/** Returns the layout of the next entry without moving on. */
function* peekLayout(
  reader: StreamReader,
  ignoreShared: boolean,
): Walk<RamLayout> {
  yield* reader.fetch(RAMBLOCK_ENTRY_MAX);
  const head = 1 + (reader.peek() ?? 0) + 8 + (ignoreShared ? 8 : 0);
  return fixedRamLayout(
    reader.peekBytes(head + FIXED_RAM_HEADER_LENGTH).subarray(head),
  );
}

function readTotal(reader: StreamReader): number {
  const { offset } = reader;
  const word = reader.be64("the total of the RAM section");
  const flags = word % (RAM_SAVE_FLAGS_MASK + 1);
  if (flags !== RAM_SAVE_FLAG_MEM_SIZE) {
    throw reader.formatError("ram-total-flag", {
      offset,
      found: `the word ${hex(word)}`,
      expected: `a total with the flag ${hex(RAM_SAVE_FLAG_MEM_SIZE)} alone`,
    });
  }
  return word - RAM_SAVE_FLAG_MEM_SIZE;
}

/**
 * Refuses a list that ends early. An EOS word cannot start an entry: its first
 * byte would be an empty idstr.
 */
function checkListGoesOn(
  reader: StreamReader,
  sum: number,
  total: number,
): void {
  if (reader.peek() !== 0 || reader.available < 8) return;
  const { offset } = reader;
  const word = reader.be64BigInt("an entry");
  reader.seek(offset);
  if (word !== BigInt(RAM_SAVE_FLAG_EOS)) return;
  throw reader.formatError("ram-total", {
    offset,
    found: `the list ends after ${hex(sum)} bytes of RAM`,
    expected: `RAMBlocks of ${hex(total)} bytes in total`,
  });
}

/**
 * Limits the number of pages: a sparse file can have any number of them, and
 * the time and memory for their bitmaps, which are holes, grow with it.
 */
function checkPageCount(
  reader: StreamReader,
  block: RAMBlockHeader,
  pageCount: number,
): void {
  if (pageCount <= RAM_PAGES_MAX) return;
  throw reader.unsupportedError("ram-total", {
    feature: `more than ${RAM_PAGES_MAX} pages of RAM`,
    offset: usedLengthOffset(block),
    idstr: block.idstr,
    found: `used_length ${hex(block.usedLength)} makes a sum of ` +
      `${pageCount} pages`,
    expected: `at most ${RAM_PAGES_MAX} pages`,
  });
}

function usedLengthOffset({ entry, idstr }: RAMBlockHeader): number {
  return entry.offset + 1 + idstr.length;
}

function checkTotal(
  reader: StreamReader,
  block: RAMBlockHeader,
  sum: number,
  total: number,
): void {
  if (sum <= total) return;
  throw reader.formatError("ram-total", {
    offset: usedLengthOffset(block),
    idstr: block.idstr,
    found: `used_length ${hex(block.usedLength)} makes a sum of ${hex(sum)}`,
    expected: `the total of ${hex(total)}`,
  });
}
