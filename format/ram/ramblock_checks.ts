/**
 * What the offsets and sizes of a RAMBlock's entry must fulfil (SPEC 4.6 to
 * 4.9), each by its rule.
 *
 * @module
 */

import { bitmapByteLength, pageCountOf } from "../bitmap/layout.ts";
import type { RuleViolation } from "../rules/errors.ts";
import { hex } from "../rules/hex.ts";
import type { RuleSlug } from "../rules/rules.ts";
import {
  MAPPED_RAM_FILE_OFFSET_ALIGNMENT,
  TARGET_PAGE_BITS_MAX,
  TARGET_PAGE_BITS_MIN,
} from "../stream/constants.ts";
import type { StreamReader } from "../stream/stream_reader.ts";
import { headerFields, type RamLayout } from "./fixed_ram_header.ts";
import type { RAMBlockHeader } from "./ramblock_entry.ts";

/** What the entries of a list share. */
export interface RAMBlockContext {
  /** Whether `x-ignore-shared` is on, so that `mr_addr` is there. */
  readonly ignoreShared: boolean;
  /** Bytes of a word of the bitmap: 8, or 4 for a file from a 32-bit host. */
  readonly bitmapWordSize: number;
  /** The page_size that the configuration or the first block asks for. */
  readonly pageSize: number | undefined;
  /** The rule that {@linkcode pageSize} comes from. */
  readonly pageSizeRule: RuleSlug;
  /** How the entries are laid out. Default: as mapped-ram has them. */
  readonly layout?: RamLayout | undefined;
}

function fieldOffset(
  headerOffset: number,
  field: "pageSize" | "bitmapOffset" | "pagesOffset",
  { layout = "mapped-ram" }: RAMBlockContext,
): number {
  return headerOffset + headerFields(layout)[field];
}

/** page_size is possible, and the one that the stream asks for (SPEC 4.6). */
export function checkPageSize(
  reader: StreamReader,
  block: RAMBlockHeader,
  headerOffset: number,
  context: RAMBlockContext,
): void {
  const { pageSize, idstr } = block;
  const offset = fieldOffset(headerOffset, "pageSize", context);
  const bits = Math.log2(pageSize);
  if (
    !Number.isInteger(bits) || bits < TARGET_PAGE_BITS_MIN ||
    bits > TARGET_PAGE_BITS_MAX
  ) {
    throw reader.formatError("page-size-valid", {
      offset,
      idstr,
      found: `page_size is ${hex(pageSize)}`,
      expected: "a power of two from 0x100 to 0x100000",
    });
  }
  if (context.pageSize !== undefined && context.pageSize !== pageSize) {
    throw reader.formatError(context.pageSizeRule, {
      offset,
      idstr,
      found: `page_size is ${hex(pageSize)}`,
      expected: context.pageSizeRule === "page-size-target"
        ? `${hex(context.pageSize)} as target-page-bits says`
        : `${hex(context.pageSize)} as in the RAMBlocks before`,
    });
  }
}

/** The page area is aligned, behind its header and inside the file (SPEC 4.7). */
export function checkPagesOffset(
  reader: StreamReader,
  block: RAMBlockHeader,
  headerOffset: number,
  context: RAMBlockContext,
): void {
  const { idstr, pagesOffset, pageSize, usedLength } = block;
  const offset = fieldOffset(headerOffset, "pagesOffset", context);
  const found = `pages_offset is ${hex(pagesOffset)}`;
  if (pagesOffset % pageSize !== 0) {
    throw reader.formatError("pages-offset-aligned", {
      offset,
      idstr,
      found,
      expected: `a multiple of page_size ${hex(pageSize)}`,
    });
  }
  if (pagesOffset < reader.offset) {
    throw reader.formatError("pages-after-header", {
      offset,
      idstr,
      found,
      expected: `at least ${hex(reader.offset)}, behind the header`,
    });
  }
  const end = pagesOffset + usedLength;
  checkSum(reader, end, {
    offset,
    idstr,
    found: `${found} and used_length ${hex(usedLength)}`,
  });
  if (end > reader.fileLength) {
    throw reader.formatError("pages-inside-file", {
      offset,
      idstr,
      found: `the file ends at ${hex(reader.fileLength)}`,
      expected: `pages from ${hex(pagesOffset)} to ${hex(end)}`,
    });
  }
  // The first writers of fixed-ram aligned to pages.
  const mayBeLess = context.layout === "fixed-ram-inline";
  if (pagesOffset % MAPPED_RAM_FILE_OFFSET_ALIGNMENT !== 0 && !mayBeLess) {
    reader.report(reader.formatError("pages-offset-mebibyte", {
      offset,
      idstr,
      found,
      expected: `a multiple of ${hex(MAPPED_RAM_FILE_OFFSET_ALIGNMENT)}`,
    }));
  }
}

/** The bitmap is inside the file (SPEC 4.8). */
export function checkBitmapOffset(
  reader: StreamReader,
  block: RAMBlockHeader,
  headerOffset: number,
  context: RAMBlockContext,
): void {
  const { idstr, bitmapOffset, usedLength, pageSize } = block;
  const offset = fieldOffset(headerOffset, "bitmapOffset", context);
  const pageCount = pageCountOf(usedLength, pageSize);
  const length = bitmapByteLength(pageCount, context.bitmapWordSize);
  const end = bitmapOffset + length;
  checkSum(reader, end, {
    offset,
    idstr,
    found: `bitmap_offset is ${hex(bitmapOffset)} and its length ${
      hex(length)
    }`,
  });
  if (end > reader.fileLength) {
    throw reader.formatError("bitmap-inside-file", {
      offset,
      idstr,
      found: `the file ends at ${hex(reader.fileLength)}`,
      expected: `a bitmap from ${hex(bitmapOffset)} to ${hex(end)}`,
    });
  }
  if (bitmapOffset !== reader.offset) {
    reader.report(reader.formatError("bitmap-after-header", {
      offset,
      idstr,
      found: `bitmap_offset is ${hex(bitmapOffset)}`,
      expected: `${hex(reader.offset)}, right behind the header`,
    }));
  }
}

/** The offsets are 0 where x-ignore-shared left the block out, or neither is (SPEC 4.9). */
export function checkIgnored(
  reader: StreamReader,
  block: RAMBlockHeader,
  headerOffset: number,
  context: RAMBlockContext,
): void {
  const { bitmapOffset, pagesOffset, idstr } = block;
  const zeroOffset = bitmapOffset === 0 || pagesOffset === 0;
  if (zeroOffset && !(block.ignored && context.ignoreShared)) {
    throw reader.formatError("ignored-block", {
      offset: fieldOffset(headerOffset, "bitmapOffset", context),
      idstr,
      found: `bitmap_offset is ${hex(bitmapOffset)} and pages_offset ` +
        hex(pagesOffset),
      expected: context.ignoreShared
        ? "both 0, or neither"
        : "neither 0 without x-ignore-shared",
    });
  }
}

/** Above 2^53 - 1 a sum is not exact, and may look smaller than it is. */
function checkSum(
  reader: StreamReader,
  sum: number,
  violation: Omit<RuleViolation, "rule" | "expected">,
): void {
  if (sum <= Number.MAX_SAFE_INTEGER) return;
  throw reader.formatError("u64-range", {
    ...violation,
    expected: "a sum of at most 0x1fffffffffffff",
  });
}
