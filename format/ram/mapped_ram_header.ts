/**
 * The mapped-ram header of a RAMBlock (SPEC 4.5): 28 packed bytes, big-endian.
 *
 * | offset | field |
 * | -----: | ----- |
 * |      0 | be32 version |
 * |      4 | be64 page_size |
 * |     12 | be64 bitmap_offset |
 * |     20 | be64 pages_offset |
 *
 * @module
 */

import type { ByteReader } from "../bytes/byte_reader.ts";
import type { ByteWriter } from "../bytes/byte_writer.ts";
import { MAPPED_RAM_HDR_VERSION } from "../stream/constants.ts";

/** Positions of the fields in the header. */
export const MAPPED_RAM_HEADER_FIELDS = {
  version: 0,
  pageSize: 4,
  bitmapOffset: 12,
  pagesOffset: 20,
} as const;

/** The values in the mapped-ram header of a RAMBlock. */
export interface MappedRamHeader {
  /** Size of a page in bytes: the target page size of the saved machine. */
  readonly pageSize: number;
  /** Position of the bitmap in the file. */
  readonly bitmapOffset: number;
  /** Position of page 0 in the file. */
  readonly pagesOffset: number;
}

/** Reads a header; the caller must check whether its numbers make sense. */
export function readMappedRamHeader(
  reader: ByteReader,
  idstr: string,
): MappedRamHeader {
  const { offset } = reader;
  const version = reader.be32("the mapped-ram version");
  if (version !== MAPPED_RAM_HDR_VERSION) {
    const violation = {
      offset,
      idstr,
      found: `the mapped-ram header has version ${version}`,
      expected: `version ${MAPPED_RAM_HDR_VERSION}`,
    };
    if (version < MAPPED_RAM_HDR_VERSION) {
      throw reader.formatError("mapped-ram-version", violation);
    }
    const feature = `mapped-ram header version ${version}`;
    throw reader.unsupportedError("mapped-ram-version", {
      ...violation,
      feature,
    });
  }
  return {
    pageSize: reader.be64("page_size"),
    bitmapOffset: reader.be64("bitmap_offset"),
    pagesOffset: reader.be64("pages_offset"),
  };
}

/** Writes a header of version 1. */
export function writeMappedRamHeader(
  writer: ByteWriter,
  header: MappedRamHeader,
): void {
  writer.be32(MAPPED_RAM_HDR_VERSION)
    .be64(header.pageSize)
    .be64(header.bitmapOffset)
    .be64(header.pagesOffset);
}
