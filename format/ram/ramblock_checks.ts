/**
 * The rules that the offsets and sizes of a RAMBlock's entry must satisfy (SPEC
 * 4.6 to 4.9).
 *
 * @module
 */

import { bitmapByteLength, pageCountOf } from "../bitmap/layout.ts";
import { type FormatError, hex, type RuleViolation } from "../rules/errors.ts";
import type { RuleSlug } from "../rules/rules.ts";
import {
  MAPPED_RAM_FILE_OFFSET_ALIGNMENT,
  TARGET_PAGE_BITS_MAX,
  TARGET_PAGE_BITS_MIN,
} from "../stream/constants.ts";
import type { StreamReader } from "../stream/stream_reader.ts";
import { headerFields, type RamLayout } from "./fixed_ram_header.ts";
import type { RAMBlockHeader } from "./ramblock_entry.ts";

/** Values that the entries of a list share. */
export interface RAMBlockContext {
  /** Whether `x-ignore-shared` is on, so that `mr_addr` is present. */
  readonly ignoreShared: boolean;
  /**
   * Size of a word of the bitmap in bytes: 8, or 4 for a file from a 32-bit
   * host.
   */
  readonly bitmapWordSize: number;
  /** The page_size that the configuration or the first block requires. */
  readonly pageSize: number | undefined;
  /** The rule that {@linkcode pageSize} comes from. */
  readonly pageSizeRule: RuleSlug;
  /** How the entries are laid out. Default: as in mapped-ram. */
  readonly layout?: RamLayout | undefined;
}

type HeaderField = "pageSize" | "bitmapOffset" | "pagesOffset";

/** The checks of one entry. */
export class EntryChecks {
  readonly #reader: StreamReader;
  readonly #block: RAMBlockHeader;
  readonly #headerOffset: number;
  readonly #context: RAMBlockContext;

  /** Checks the entry that was read last. */
  constructor(
    reader: StreamReader,
    { block, headerOffset, context }: {
      readonly block: RAMBlockHeader;
      /** Position of its header in the file. */
      readonly headerOffset: number;
      readonly context: RAMBlockContext;
    },
  ) {
    this.#reader = reader;
    this.#block = block;
    this.#headerOffset = headerOffset;
    this.#context = context;
  }

  /**
   * Checks that page_size is valid, and the one that the stream requires (SPEC
   * 4.6).
   */
  pageSize(): void {
    const { pageSize } = this.#block;
    const bits = Math.log2(pageSize);
    if (
      !Number.isInteger(bits) || bits < TARGET_PAGE_BITS_MIN ||
      bits > TARGET_PAGE_BITS_MAX
    ) {
      throw this.#error("pageSize", "page-size-valid", {
        found: `page_size is ${hex(pageSize)}`,
        expected: "a power of two from 0x100 to 0x100000",
      });
    }
    const { pageSize: expectedSize, pageSizeRule } = this.#context;
    if (expectedSize !== undefined && expectedSize !== pageSize) {
      throw this.#error("pageSize", pageSizeRule, {
        found: `page_size is ${hex(pageSize)}`,
        expected: pageSizeRule === "page-size-target"
          ? `${hex(expectedSize)} as target-page-bits says`
          : `${hex(expectedSize)} as in the preceding RAMBlocks`,
      });
    }
  }

  /**
   * Checks that the page area is aligned, after its header and inside the file
   * (SPEC 4.7).
   */
  pagesOffset(): void {
    const { pagesOffset, pageSize, usedLength } = this.#block;
    const found = `pages_offset is ${hex(pagesOffset)}`;
    if (pagesOffset % pageSize !== 0) {
      throw this.#error("pagesOffset", "pages-offset-aligned", {
        found,
        expected: `a multiple of page_size ${hex(pageSize)}`,
      });
    }
    if (pagesOffset < this.#reader.offset) {
      throw this.#error("pagesOffset", "pages-after-header", {
        found,
        expected: `at least ${hex(this.#reader.offset)}, after the header`,
      });
    }
    const end = pagesOffset + usedLength;
    this.#checkSum(
      "pagesOffset",
      end,
      `${found} and used_length ${hex(usedLength)}`,
    );
    if (end > this.#reader.fileLength) {
      throw this.#error("pagesOffset", "pages-inside-file", {
        found: `the file ends at ${hex(this.#reader.fileLength)}`,
        expected: `pages from ${hex(pagesOffset)} to ${hex(end)}`,
      });
    }
    // The first writers of fixed-ram aligned pages_offset to a page only.
    const mayBeLess = this.#context.layout === "fixed-ram-inline";
    if (pagesOffset % MAPPED_RAM_FILE_OFFSET_ALIGNMENT !== 0 && !mayBeLess) {
      this.#reader.report(this.#error("pagesOffset", "pages-offset-mebibyte", {
        found,
        expected: `a multiple of ${hex(MAPPED_RAM_FILE_OFFSET_ALIGNMENT)}`,
      }));
    }
  }

  /** Checks that the bitmap is inside the file (SPEC 4.8). */
  bitmapOffset(): void {
    const { bitmapOffset, usedLength, pageSize } = this.#block;
    const pageCount = pageCountOf(usedLength, pageSize);
    const length = bitmapByteLength(pageCount, this.#context.bitmapWordSize);
    const end = bitmapOffset + length;
    this.#checkSum(
      "bitmapOffset",
      end,
      `bitmap_offset is ${hex(bitmapOffset)} and its length ${hex(length)}`,
    );
    if (end > this.#reader.fileLength) {
      throw this.#error("bitmapOffset", "bitmap-inside-file", {
        found: `the file ends at ${hex(this.#reader.fileLength)}`,
        expected: `a bitmap from ${hex(bitmapOffset)} to ${hex(end)}`,
      });
    }
    if (bitmapOffset !== this.#reader.offset) {
      this.#reader.report(this.#error("bitmapOffset", "bitmap-after-header", {
        found: `bitmap_offset is ${hex(bitmapOffset)}`,
        expected: `${hex(this.#reader.offset)}, right after the header`,
      }));
    }
  }

  /**
   * Checks that both offsets are 0 if x-ignore-shared left the block out, and
   * that neither is otherwise (SPEC 4.9).
   */
  ignored(): void {
    const { bitmapOffset, pagesOffset } = this.#block;
    const zeroOffset = bitmapOffset === 0 || pagesOffset === 0;
    if (zeroOffset && !(this.#block.ignored && this.#context.ignoreShared)) {
      throw this.#error("bitmapOffset", "ignored-block", {
        found: `bitmap_offset is ${hex(bitmapOffset)} and pages_offset ` +
          hex(pagesOffset),
        expected: this.#context.ignoreShared
          ? "both 0, or neither"
          : "neither 0 without x-ignore-shared",
      });
    }
  }

  /**
   * Refuses a sum above 2^53 - 1, which is not exact and may appear smaller
   * than it is.
   */
  #checkSum(field: HeaderField, sum: number, found: string): void {
    if (sum <= Number.MAX_SAFE_INTEGER) return;
    throw this.#error(field, "u64-range", {
      found,
      expected: "a sum of at most 0x1fffffffffffff",
    });
  }

  #error(
    field: HeaderField,
    rule: RuleSlug,
    violation: Pick<RuleViolation, "found" | "expected">,
  ): FormatError {
    const { layout = "mapped-ram" } = this.#context;
    return this.#reader.formatError(rule, {
      offset: this.#headerOffset + headerFields(layout)[field],
      idstr: this.#block.idstr,
      ...violation,
    });
  }
}
