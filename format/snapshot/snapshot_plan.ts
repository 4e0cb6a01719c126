/**
 * The layout of a new file (SPEC 6): all bytes that are neither pages nor
 * bitmaps, and their positions.
 *
 * @module
 */

import {
  bitmapByteLength,
  pageCountOf,
  pagesOffsetAfter,
} from "../bitmap/layout.ts";
import { ByteWriter } from "../bytes/byte_writer.ts";
import { isPrintableAscii } from "../bytes/byte_reader.ts";
import {
  FIXED_RAM_HEADER_LENGTH,
  type RamLayout,
} from "../ram/fixed_ram_header.ts";
import type { MappedRamHeader } from "../ram/mapped_ram_header.ts";
import { encodeRamEnd } from "../ram/ram_end.ts";
import { writeRAMBlockHeader } from "../ram/ramblock_header.ts";
import {
  type Configuration,
  writeConfiguration,
} from "../stream/configuration.ts";
import {
  MAPPED_RAM_HDR_SIZE,
  NAME_LENGTH_MAX,
  QEMU_VM_EOF,
  QEMU_VM_SECTION_START,
  QEMU_VM_VMDESCRIPTION,
  RAM_PAGES_MAX,
  RAM_SAVE_FLAG_EOS,
  RAM_SAVE_FLAG_MEM_SIZE,
  RAM_SAVE_FLAGS_MASK,
  RAM_SECTION_IDSTR,
  RAM_SECTION_VERSION,
} from "../stream/constants.ts";
import {
  type Section,
  writeSectionFooter,
  writeSectionHead,
  writeStreamHeader,
} from "../stream/migration_stream.ts";

/** A RAMBlock to be saved. */
export interface PlannedBlock {
  /** QEMU's name of the block, 1 to 255 characters of printable ASCII. */
  readonly idstr: string;
  /** Bytes of RAM, a multiple of the page size, not 0. */
  readonly usedLength: number;
}

/** Bytes and their position in the file. */
export interface PlacedBytes {
  /** Position of the first byte. */
  readonly offset: number;
  /** The bytes. */
  readonly bytes: Uint8Array;
}

/** The layout of a new file. */
export interface SnapshotPlan {
  /** Each RAMBlock with its offsets, in the given order. */
  readonly blocks: readonly (PlannedBlock & MappedRamHeader)[];
  /** The stream up to the pages of the last block, in pieces. */
  readonly pieces: readonly PlacedBytes[];
  /** Position of the EOS word that ends the list, right after the last page. */
  readonly eosOffset: number;
}

const RAM_SECTION: Section = {
  sectionId: 1,
  idstr: RAM_SECTION_IDSTR,
  instanceId: 0,
  versionId: RAM_SECTION_VERSION,
};

/** Options of the layout of a new file. */
export interface PlanOptions {
  /** Size of a page in bytes. */
  readonly pageSize: number;
  /** How RAM is laid out. Default: `mapped-ram`. */
  readonly layout?: RamLayout | undefined;
}

/** Encodes the stream of a new file up to the body of RAM's START. */
export function encodeHead(configuration: Configuration): Uint8Array {
  const { machine } = configuration;
  if (!isName(machine)) throw new RangeError(badName("machine", machine));
  const writer = new ByteWriter();
  writeStreamHeader(writer);
  writeConfiguration(writer, configuration);
  writeSectionHead(writer, { ...RAM_SECTION, type: QEMU_VM_SECTION_START });
  return writer.finish();
}

/** Encodes the EOS word that ends the list of RAMBlocks. */
export function encodeEos(): Uint8Array {
  return new ByteWriter().be64(RAM_SAVE_FLAG_EOS).finish();
}

/**
 * Encodes the stream of a new file after that EOS word, without device state.
 */
export function encodeTail(
  configuration: Configuration,
  { pageSize, layout = "mapped-ram" }: PlanOptions,
): Uint8Array {
  const writer = new ByteWriter();
  writeSectionFooter(writer, RAM_SECTION);
  writer.bytes(encodeRamEnd(RAM_SECTION, layout));
  writer.u8(QEMU_VM_EOF);
  const text = JSON.stringify({
    configuration: describeConfiguration(configuration),
    page_size: pageSize,
    devices: [],
  });
  return writer.u8(QEMU_VM_VMDESCRIPTION).be32(text.length).text(text).finish();
}

/**
 * Lays out a file whose stream starts with `head`, which ends before the body
 * of START.
 */
export function planSnapshot(
  head: Uint8Array,
  blocks: readonly PlannedBlock[],
  { pageSize, layout }: PlanOptions,
): SnapshotPlan {
  checkBlocks(blocks, pageSize);
  const headerLength = layout === "fixed-ram-inline"
    ? FIXED_RAM_HEADER_LENGTH
    : MAPPED_RAM_HDR_SIZE;
  const total = blocks.reduce((sum, block) => sum + block.usedLength, 0);
  if (total % (RAM_SAVE_FLAGS_MASK + 1) !== 0) {
    throw new RangeError(
      `Cannot save ${total} bytes of RAM: expected a multiple of ` +
        `${RAM_SAVE_FLAGS_MASK + 1}, which the format needs for its flags`,
    );
  }
  const pieces: PlacedBytes[] = [];
  let writer = new ByteWriter();
  writer.bytes(head).be64(total + RAM_SAVE_FLAG_MEM_SIZE);
  let pieceOffset = 0;
  const planned = blocks.map(({ idstr, usedLength }) => {
    const bitmapOffset = pieceOffset + writer.length +
      1 + idstr.length + 8 + headerLength;
    const bitmapEnd = bitmapOffset +
      bitmapByteLength(pageCountOf(usedLength, pageSize));
    const pagesOffset = pagesOffsetAfter(bitmapEnd);
    const block = { idstr, usedLength, pageSize, bitmapOffset, pagesOffset };
    writeRAMBlockHeader(writer, block, { layout });
    pieces.push({ offset: pieceOffset, bytes: writer.finish() });
    writer = new ByteWriter();
    pieceOffset = pagesOffset + usedLength;
    return block;
  });
  if (planned.length === 0) pieces.push({ offset: 0, bytes: writer.finish() });
  const eosOffset = planned.length === 0 ? writer.length : pieceOffset;
  return { blocks: planned, pieces, eosOffset };
}

function checkBlocks(
  blocks: readonly PlannedBlock[],
  pageSize: number,
): void {
  const idstrs = new Set<string>();
  let total = 0;
  for (const { idstr, usedLength } of blocks) {
    if (!isName(idstr)) throw new RangeError(badName("RAMBlock", idstr));
    if (idstrs.has(idstr)) {
      throw new RangeError(`Cannot save two RAMBlocks named "${idstr}"`);
    }
    idstrs.add(idstr);
    total += usedLength;
    const valid = Number.isSafeInteger(usedLength) && usedLength > 0 &&
      usedLength % pageSize === 0 && Number.isSafeInteger(2 * total);
    if (!valid) {
      throw new RangeError(
        `Cannot save RAMBlock "${idstr}": usedLength is ${usedLength}, ` +
          `expected a positive multiple of the page size ${pageSize}`,
      );
    }
    const pageCount = pageCountOf(total, pageSize);
    if (pageCount > RAM_PAGES_MAX) {
      throw new RangeError(
        `Cannot save RAMBlock "${idstr}": its usedLength ${usedLength} makes ` +
          `a sum of ${pageCount} pages, expected at most ${RAM_PAGES_MAX}`,
      );
    }
  }
}

function isName(name: string): boolean {
  return name.length >= 1 && name.length <= NAME_LENGTH_MAX &&
    isPrintableAscii(name);
}

function badName(what: string, name: string): string {
  return `Cannot save a ${what} named ${JSON.stringify(name)}: expected 1 to ` +
    `${NAME_LENGTH_MAX} characters of printable ASCII`;
}

/**
 * Describes the configuration as the vmdesc of QEMU 10 and later does. Without
 * it `scripts/analyze-migration.py` does not see the capabilities.
 */
function describeConfiguration(configuration: Configuration): unknown {
  const { machine, capabilities, targetPageBits } = configuration;
  const subsection = (name: string, fields: unknown[]) => ({
    vmsd_name: `configuration/${name}`,
    version: 1,
    fields,
  });
  return {
    vmsd_name: "configuration",
    version: 1,
    fields: [
      { name: "len", type: "uint32", size: 4 },
      { name: "name", type: "buffer", size: machine.length },
    ],
    subsections: [
      ...(targetPageBits === undefined ? [] : [
        subsection("target-page-bits", [
          { name: "target_page_bits", type: "uint32", size: 4 },
        ]),
      ]),
      subsection("capabilities", [
        { name: "caps_count", type: "uint32", size: 4 },
        ...capabilities.map((name) => ({
          name: "capabilities",
          type: "capability",
          size: 1 + name.length,
        })),
      ]),
    ],
  };
}
