/**
 * The bodies of the RAM section (SPEC 4): the list of RAMBlocks in START, and
 * nothing but EOS in every PART and in END.
 *
 * @module
 */

import { type ByteRange, rangeEnd } from "./byte_range.ts";
import {
  CAPABILITY_IGNORE_SHARED,
  MAPPED_RAM_HDR_SIZE,
  RAM_SAVE_FLAG_EOS,
  RAM_SAVE_FLAG_MEM_SIZE,
  RAM_SAVE_FLAGS_MASK,
  RAM_SECTION_VERSION,
} from "./constants.ts";
import type { Configuration } from "./configuration.ts";
import type { FormatError } from "./errors.ts";
import { hex } from "./hex.ts";
import { bitmapByteLength, guessEntryOffsets, pageCountOf } from "./layout.ts";
import { MAPPED_RAM_HEADER_FIELDS } from "./mapped_ram_header.ts";
import type { Section } from "./migration_stream.ts";
import { type RAMBlockHeader, readRAMBlockHeader } from "./ramblock_header.ts";
import type { StreamReader } from "./stream_reader.ts";
import type { Walk } from "./walk.ts";

/** Refuses a RAM section of another version than 4. */
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

/** The refusal of a RAM section whose START, at `offset`, is not the first. */
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

/** Reads the body of START: total, list of RAMBlocks, EOS. */
export function* readRamSetup(
  reader: StreamReader,
  configuration: Configuration,
  bitmapWordSize: number,
): Walk<RAMBlockHeader[]> {
  const total = readTotal(reader);
  const targetPageSize = configuration.targetPageBits === undefined
    ? undefined
    : 2 ** configuration.targetPageBits;
  const blocks: RAMBlockHeader[] = [];
  const idstrs = new Set<string>();
  for (let sum = 0; sum < total;) {
    yield* reader.fetch(8, () => guessEntryOffsets(reader.offset));
    checkListGoesOn(reader, sum, total);
    const block = yield* readRAMBlockHeader(reader, {
      ignoreShared: configuration.capabilities.includes(
        CAPABILITY_IGNORE_SHARED,
      ),
      bitmapWordSize,
      pageSize: targetPageSize ?? blocks[0]?.pageSize,
      pageSizeRule: targetPageSize === undefined
        ? "page-size-uniform"
        : "page-size-target",
    });
    sum += block.usedLength;
    checkTotal(reader, block, sum, total);
    if (idstrs.has(block.idstr)) {
      throw reader.formatError("idstr-unique", {
        offset: block.entry.offset,
        found: `a second RAMBlock ${JSON.stringify(block.idstr)}`,
        expected: "an idstr of its own",
      });
    }
    idstrs.add(block.idstr);
    blocks.push(block);
    if (!block.ignored) reader.seek(block.pagesOffset + block.usedLength);
  }
  yield* readEos(reader, "ram-setup-end");
  checkBitmapsDisjoint(reader, blocks, bitmapWordSize);
  return blocks;
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

/** An EOS word cannot start an entry: its first byte would be an empty idstr. */
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
    expected: `RAMBlocks of ${hex(total)} bytes in all`,
  });
}

function checkTotal(
  reader: StreamReader,
  block: RAMBlockHeader,
  sum: number,
  total: number,
): void {
  if (sum <= total) return;
  throw reader.formatError("ram-total", {
    offset: block.entry.offset + 1 + block.idstr.length,
    idstr: block.idstr,
    found: `used_length ${hex(block.usedLength)} makes a sum of ${hex(sum)}`,
    expected: `the total of ${hex(total)}`,
  });
}

/** Reads a body that must be EOS alone. */
export function* readEos(
  reader: StreamReader,
  rule: "ram-setup-end" | "ram-body-empty",
): Walk<void> {
  // As far from anything else as an entry, and with nothing left to guess.
  yield* reader.fetch(8, () => []);
  const { offset } = reader;
  const word = reader.be64BigInt("the end of a RAM body");
  if (word !== BigInt(RAM_SAVE_FLAG_EOS)) {
    throw reader.formatError(rule, {
      offset,
      found: `the word 0x${word.toString(16)}`,
      expected: `${hex(RAM_SAVE_FLAG_EOS)} (EOS)`,
    });
  }
}

/** No bitmap may share a byte with an entry, a page area or another bitmap. */
function checkBitmapsDisjoint(
  reader: StreamReader,
  blocks: readonly RAMBlockHeader[],
  bitmapWordSize: number,
): void {
  const ranges: (ByteRange & { bitmapOf?: RAMBlockHeader; what: string })[] =
    [];
  for (const block of blocks) {
    const { entry, idstr, usedLength, pagesOffset, pageSize } = block;
    const name = JSON.stringify(idstr);
    ranges.push({ ...entry, what: `the header of ${name}` });
    if (block.ignored) continue;
    ranges.push({
      offset: pagesOffset,
      length: usedLength,
      what: `the pages of ${name}`,
    }, {
      offset: block.bitmapOffset,
      length: bitmapByteLength(
        pageCountOf(usedLength, pageSize),
        bitmapWordSize,
      ),
      bitmapOf: block,
      what: `the bitmap of ${name}`,
    });
  }
  ranges.sort((a, b) => a.offset - b.offset);
  let last = ranges[0];
  for (const range of ranges.slice(1)) {
    if (range.length === 0) continue;
    const block = range.bitmapOf ?? last?.bitmapOf;
    if (last !== undefined && range.offset < rangeEnd(last) && block) {
      const other = block === range.bitmapOf ? last : range;
      reader.report(reader.formatError("bitmap-disjoint", {
        offset: rangeEnd(block.entry) - MAPPED_RAM_HEADER_TAIL,
        idstr: block.idstr,
        found: `bitmap_offset ${hex(block.bitmapOffset)} overlaps ` +
          `${other.what} at ${hex(other.offset)}`,
        expected: "a bitmap that overlaps nothing",
      }));
    }
    if (last === undefined || rangeEnd(range) > rangeEnd(last)) last = range;
  }
}

/** Bytes from the field bitmap_offset to the end of an entry. */
const MAPPED_RAM_HEADER_TAIL = MAPPED_RAM_HDR_SIZE -
  MAPPED_RAM_HEADER_FIELDS.bitmapOffset;
