/**
 * The two layouts of RAM that were named `fixed-ram` before QEMU 9.0 called one
 * of them `mapped-ram` (SPEC 11.2). The later one has the header of mapped-ram.
 * The earlier one, defined here, has the bitmap itself after these 12 bytes:
 *
 * | offset | field |
 * | -----: | ----- |
 * |      0 | be32 bitmap_size |
 * |      4 | be64 pages_offset |
 * |     12 | the bitmap, bitmap_size bytes |
 *
 * @module
 */

import { bitmapByteLength, pageCountOf } from "../bitmap/layout.ts";
import type { ByteWriter } from "../bytes/byte_writer.ts";
import { hex } from "../rules/errors.ts";
import type { StreamReader } from "../stream/stream_reader.ts";
import {
  MAPPED_RAM_HEADER_FIELDS,
  type MappedRamHeader,
} from "./mapped_ram_header.ts";

/** How a stream lays out its RAM. */
export type RamLayout = "mapped-ram" | "fixed-ram-header" | "fixed-ram-inline";

/** Bytes of the header before an inline bitmap. */
export const FIXED_RAM_HEADER_LENGTH = 12;
/**
 * Positions of its fields. Page size and bitmap position follow from
 * bitmap_size.
 */
const FIXED_RAM_HEADER_FIELDS = {
  pageSize: 0,
  bitmapOffset: 0,
  pagesOffset: 4,
} as const;
/** The page size if nothing specifies it. */
const PAGE_SIZE_UNTOLD = 4096;
/** The smallest page_size that makes a header one of mapped-ram. */
const PAGE_SIZE_LEAST = 1024;

/**
 * Returns the positions in a header of the fields that give page size and
 * places.
 */
export function headerFields(
  layout: RamLayout,
): Readonly<Record<keyof typeof FIXED_RAM_HEADER_FIELDS, number>> {
  return layout === "fixed-ram-inline"
    ? FIXED_RAM_HEADER_FIELDS
    : MAPPED_RAM_HEADER_FIELDS;
}

/**
 * Returns the layout of a `fixed-ram` RAMBlock whose header starts with these
 * bytes. A bitmap_size is a multiple of 4, so a 1 in its place is a version.
 */
export function fixedRamLayout(header: Uint8Array): RamLayout {
  if (header.length < FIXED_RAM_HEADER_LENGTH) return "fixed-ram-inline";
  const view = new DataView(header.buffer, header.byteOffset, header.length);
  const version = view.getUint32(0);
  const pageSize = view.getBigUint64(4);
  const isPageSize = pageSize >= PAGE_SIZE_LEAST &&
    (pageSize & (pageSize - 1n)) === 0n;
  return version === 1 && isPageSize ? "fixed-ram-header" : "fixed-ram-inline";
}

/** The fields of a RAMBlock before its header. */
interface EntryHead {
  readonly idstr: string;
  readonly usedLength: number;
}

/** Values that are known without the header. */
interface InlineContext {
  /** The page size that the configuration requires. */
  readonly pageSize: number | undefined;
  /** Size of a word of the bitmap in bytes. */
  readonly bitmapWordSize: number;
}

/** Reads the header before an inline bitmap, and stops before the bitmap. */
export function readFixedRamHeader(
  reader: StreamReader,
  { idstr, usedLength }: EntryHead,
  context: InlineContext,
): MappedRamHeader {
  const { offset } = reader;
  const pageSize = context.pageSize ?? PAGE_SIZE_UNTOLD;
  const pageCount = pageCountOf(usedLength, pageSize);
  const bitmapSize = reader.be32("bitmap_size");
  const expected = bitmapByteLength(pageCount, context.bitmapWordSize);
  if (bitmapSize !== expected) {
    const other = bitmapByteLength(pageCount, 12 - context.bitmapWordSize);
    throw reader.formatError("fixed-ram-layout", {
      offset,
      idstr,
      found: `bitmap_size is ${hex(bitmapSize)}`,
      expected: `${hex(expected)}, or a header with version 1` +
        (bitmapSize === other
          ? `; words of ${12 - context.bitmapWordSize} bytes would explain it`
          : ""),
    });
  }
  const pagesOffset = reader.be64("pages_offset");
  return { pageSize, bitmapOffset: reader.offset, pagesOffset };
}

/** Writes the header before an inline bitmap. */
export function writeFixedRamHeader(
  writer: ByteWriter,
  block: MappedRamHeader & { readonly usedLength: number },
): void {
  const { usedLength, pageSize, pagesOffset } = block;
  writer.be32(bitmapByteLength(pageCountOf(usedLength, pageSize)))
    .be64(pagesOffset);
}
