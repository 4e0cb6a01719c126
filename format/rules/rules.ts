/**
 * The rules of SPEC.md, each by its slug. The same slug names the rule in
 * SPEC.md, in {@linkcode FormatError.rule}, in a finding of `verify`, and in
 * the vectors that prove it.
 *
 * @module
 */

import { DIALECT_RULES, PROGRAM_RULES } from "./dialect_rules.ts";
import { QCOW2_RULES } from "./qcow2_rules.ts";
import { accept, refuse, type Rule, write } from "./rule.ts";
import type { RuleSlug } from "./rule_slug.ts";
import { VERITY_RULES } from "./verity_rules.ts";

export type { RuleSlug } from "./rule_slug.ts";

/** Every rule of SPEC.md by its slug, in the order of the document. */
export const RULES: Readonly<Record<RuleSlug, Rule>> = {
  // 3. The stream
  "offsets-absolute": accept(
    "3.1",
    "Offsets are positions in the containing file, wherever the stream starts in it",
  ),
  "file-truncated": refuse(
    "3.1",
    "The file contains every byte of the structure being read",
  ),
  "u64-range": refuse(
    "3.1",
    "An offset, a length or a sum of both is at most 2^53 - 1",
  ),
  "stream-magic": refuse("3.2", "The stream starts with 0x5145564d, QEVM"),
  "stream-version": refuse("3.2", "The version of the stream is 3"),
  "item-type": refuse("3.3", "Each item starts with a known type"),
  "section-footer": refuse(
    "3.4",
    "A section ends with a footer that repeats its section_id",
  ),
  "section-id": refuse(
    "3.4",
    "A PART or END names a section that a START announced, and no START reuses a section_id",
  ),
  "section-known": refuse(
    "3.4",
    "Up to the END of RAM, every section is one whose end can be found",
  ),
  "command-known": refuse(
    "3.5",
    "A command is one whose payload has a known length",
  ),
  "command-length": refuse("3.5", "A command has the length of its kind"),
  "configuration-present": refuse("3.6", "The first item is the configuration"),
  "machine-name": refuse(
    "3.6",
    "The machine name is 1 to 255 bytes of printable ASCII",
  ),
  "configuration-subsection": refuse(
    "3.6",
    "A configuration subsection is a known one of version 1, there once",
  ),
  "target-page-bits": refuse("3.6", "target-page-bits is 8 to 20"),
  "capability-count": refuse("3.7", "At most 64 capabilities are listed"),
  "capability-known": refuse("3.7", "Every capability listed is a known one"),
  "capability-mapped-ram": refuse("3.7", "The capability mapped-ram is listed"),
  "early-sections": accept(
    "3.8",
    "Commands may be between any two items, FULL and other iterable sections before START and between any parts of the RAM section",
  ),
  "dirty-bitmap-record": refuse(
    "3.9",
    "A dirty-bitmap section is a series of well-formed records",
  ),
  "eof-present": refuse("3.10", "The last section is followed by an EOF item"),
  "vmdesc-present": write(
    "3.10",
    "A JSON description of the device state follows the EOF item",
  ),
  "vmdesc-length": accept(
    "3.10",
    "The vmdesc gives the length of a FULL section, by the value of its numbers and the bytes of its names",
  ),
  "trailer-ignored": accept(
    "3.11",
    "Bytes after the end of the stream are ignored",
  ),

  // 4. The RAM section
  "ram-section-present": refuse("4.1", "There is a RAM section"),
  "ram-section-unique": refuse("4.1", "There is one RAM section"),
  "ram-section-version": refuse("4.1", "The version of the RAM section is 4"),
  "ram-total-flag": refuse(
    "4.2",
    "The RAM section starts with the total and only the flag MEM_SIZE",
  ),
  "ram-total": refuse(
    "4.2",
    "The used_length of all RAMBlocks add up to the total exactly",
  ),
  "idstr-text": refuse("4.3", "An idstr is 1 to 255 bytes of printable ASCII"),
  "idstr-unique": refuse("4.3", "No two RAMBlocks have the same idstr"),
  "used-length-aligned": refuse(
    "4.4",
    "used_length is a multiple of page_size",
  ),
  "used-length-positive": write("4.4", "used_length is not 0"),
  "mapped-ram-version": refuse("4.5", "The version of the header is 1"),
  "page-size-valid": refuse(
    "4.6",
    "page_size is a power of two from 256 to 1048576",
  ),
  "page-size-target": refuse(
    "4.6",
    "page_size agrees with target-page-bits if that is given",
  ),
  "page-size-uniform": refuse("4.6", "All RAMBlocks have the same page_size"),
  "pages-offset-aligned": refuse(
    "4.7",
    "pages_offset is a multiple of page_size",
  ),
  "pages-offset-mebibyte": write("4.7", "pages_offset is a multiple of 1 MiB"),
  "pages-after-header": refuse(
    "4.7",
    "The pages are after the header of their RAMBlock",
  ),
  "pages-inside-file": refuse("4.7", "The whole page area is inside the file"),
  "bitmap-inside-file": refuse("4.8", "The whole bitmap is inside the file"),
  "bitmap-disjoint": refuse(
    "4.8",
    "No bitmap overlaps a header, a page area or another bitmap",
  ),
  "bitmap-anywhere": accept(
    "4.8",
    "A bitmap may be anywhere in the file except at 0",
  ),
  "bitmap-after-header": write("4.8", "The bitmap follows its header"),
  "ignored-block": refuse(
    "4.9",
    "Both offsets are 0 if x-ignore-shared left a RAMBlock out, and only then",
  ),
  "ram-setup-end": refuse("4.10", "The list of RAMBlocks ends with only EOS"),
  "ram-body-empty": refuse("4.11", "The body of a RAM PART or END is only EOS"),
  "ram-parts-any": accept(
    "4.11",
    "There may be any number of RAM PART sections",
  ),
  "ram-end-present": refuse("4.11", "The RAM section has its END"),

  // 5. The bitmap and the pages
  "bitmap-order": accept(
    "5.1",
    "Page n is bit n & 7 of byte n >> 3, or of the byte that the writer's word order puts there",
  ),
  "bitmap-padding-ignored": accept(
    "5.1",
    "Bits after the last page are ignored",
  ),
  "bitmap-padding-clear": write("5.1", "Bits after the last page are clear"),
  "clear-bit-zero": accept(
    "5.2",
    "A page whose bit is clear is all zero, whatever the file holds",
  ),
  "set-bit-stored": accept(
    "5.2",
    "A page whose bit is set is what the file holds, even if all zero or a hole",
  ),

  // 6, 10. Writing, conformance
  ...PROGRAM_RULES,

  // 11, 12, 14. Related files
  ...DIALECT_RULES,

  // 14. Verified files
  ...VERITY_RULES,

  // 15. Packed snapshots
  ...QCOW2_RULES,
};
