import { bitmapByteLength, pageCountOf } from "../bitmap/layout.ts";
import { type ByteRange, rangeEnd } from "../bytes/byte_range.ts";
import { hex } from "../rules/errors.ts";
import { MAPPED_RAM_HDR_SIZE } from "../stream/constants.ts";
import type { StreamReader } from "../stream/stream_reader.ts";
import {
  FIXED_RAM_HEADER_LENGTH,
  headerFields,
  type RamLayout,
} from "./fixed_ram_header.ts";
import type { RAMBlockHeader } from "./ramblock_entry.ts";

/**
 * Checks that no bitmap shares a byte with an entry, a page area or another
 * bitmap.
 */
export function checkBitmapsDisjoint(
  reader: StreamReader,
  blocks: readonly RAMBlockHeader[],
  { bitmapWordSize, layout }: {
    readonly bitmapWordSize: number;
    readonly layout: RamLayout;
  },
): void {
  const headerLength = layout === "fixed-ram-inline"
    ? FIXED_RAM_HEADER_LENGTH
    : MAPPED_RAM_HDR_SIZE;
  /** Bytes from the field with the bitmap's position to the end of an entry. */
  const tail = headerLength - headerFields(layout).bitmapOffset;
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
        offset: rangeEnd(block.entry) - tail,
        idstr: block.idstr,
        found: `bitmap_offset ${hex(block.bitmapOffset)} overlaps ` +
          `${other.what} at ${hex(other.offset)}`,
        expected: "a bitmap that overlaps nothing",
      }));
    }
    if (last === undefined || rangeEnd(range) > rangeEnd(last)) last = range;
  }
}
