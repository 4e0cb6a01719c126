/**
 * The rules of related files (SPEC 11): libvirt save images, the layouts named
 * fixed-ram, the contents of block dirty bitmaps, and sequential streams, whose
 * pages are records; of working-set profiles (SPEC 12); and of verified files
 * (SPEC 14).
 * It also holds the rules of programs rather than of files: what a writer owes to
 * QEMU (SPEC 6.1), and the limits of a reader (SPEC 10.4).
 *
 * @module
 */

import { accept, interop, refuse, type Rule, write } from "./rule.ts";

/** The slug of a rule of a dialect. */
export type DialectRuleSlug =
  | "libvirt-complete"
  | "libvirt-version"
  | "libvirt-data"
  | "libvirt-format"
  | "libvirt-stream"
  | "fixed-ram-layout"
  | "fixed-ram-inline"
  | "fixed-ram-header"
  | "dirty-bitmap-granularity"
  | "dirty-bitmap-started"
  | "dirty-bitmap-bits"
  | "dirty-bitmap-names"
  | "dirty-bitmap-complete"
  | "sequential-page-size"
  | "record-flags"
  | "record-block"
  | "record-inside-block"
  | "record-zero"
  | "record-xbzrle"
  | "record-compressed"
  | "record-last"
  | "record-continue"
  | "background-snapshot-end"
  | "profile-format"
  | "profile-match"
  | "verity-digest"
  | "verity-length"
  | "verity-padding"
  | "verity-descriptor"
  | "verity-data-size"
  | "verity-tree"
  | "verity-data"
  | "verity-hole";

/** Every rule of the dialects by its slug, in the order of the document. */
export const DIALECT_RULES: Readonly<Record<DialectRuleSlug, Rule>> = {
  "libvirt-complete": refuse(
    "11.1",
    "The save that wrote a libvirt save image was finished",
  ),
  "libvirt-version": refuse(
    "11.1",
    "The version of a libvirt save image is 1 or 2, in either byte order",
  ),
  "libvirt-data": refuse("11.1", "XML and cookie are inside the file"),
  "libvirt-format": refuse(
    "11.1",
    "The stream of a libvirt save image is raw or sparse, not packed",
  ),
  "libvirt-stream": accept(
    "11.1",
    "The stream starts after the XML, with positions in the image",
  ),
  "fixed-ram-layout": refuse(
    "11.2",
    "A fixed-ram RAMBlock has one of two layouts, the same in all of them",
  ),
  "fixed-ram-inline": accept(
    "11.2",
    "An inline bitmap follows its size, and PART and END are empty",
  ),
  "fixed-ram-header": accept(
    "11.2",
    "fixed-ram may have the header of mapped-ram, and MULTIFD_FLUSH around EOS",
  ),
  "dirty-bitmap-granularity": refuse(
    "11.3",
    "The granularity of a dirty bitmap is a power of two from 512 to 2^31",
  ),
  "dirty-bitmap-started": refuse(
    "11.3",
    "A dirty bitmap is announced by one START before its other records, and each record has names",
  ),
  "dirty-bitmap-bits": refuse(
    "11.3",
    "BITS start at a whole chunk, and hold the bits of their sectors",
  ),
  "dirty-bitmap-names": accept(
    "11.3",
    "A name left out is that of the previous record, in any part",
  ),
  "dirty-bitmap-complete": write(
    "11.3",
    "Each dirty bitmap has a COMPLETE after all its bits",
  ),
  "sequential-page-size": accept(
    "11.4",
    "The page size is that of target-page-bits, else of a vmdesc that ends the file, else 4096",
  ),
  "record-flags": refuse(
    "11.4",
    "The flags of a RAM record are of one kind, with or without CONTINUE, or only EOS",
  ),
  "record-block": refuse(
    "11.4",
    "A RAM record names a RAMBlock of the list, or continues with the one named last",
  ),
  "record-inside-block": refuse(
    "11.4",
    "The page of a RAM record is inside its RAMBlock",
  ),
  "record-zero": refuse("11.4", "A ZERO record has the byte 0"),
  "record-xbzrle": refuse(
    "11.4",
    "An XBZRLE record is a well-formed delta that stays inside its page",
  ),
  "record-compressed": refuse(
    "11.4",
    "A COMPRESS_PAGE record is a zlib stream of exactly one page",
  ),
  "record-last": accept(
    "11.4",
    "A page is the result of its records in the order of the stream; without any it is zero",
  ),
  "record-continue": accept(
    "11.4",
    "CONTINUE refers to the RAMBlock named last, in whichever part of the RAM section that was",
  ),
  "background-snapshot-end": accept(
    "11.4",
    "A sequential stream may reach its EOF item without an END of the RAM section",
  ),
  "profile-format": refuse(
    "12.2",
    "A profile has the format of version 1 or 2",
  ),
  "profile-match": refuse(
    "12.4",
    "A profile is used only with the snapshot that it was recorded of",
  ),
  "verity-digest": refuse(
    "14.2",
    "The SHA-256 of the descriptor is the digest that the reader was given",
  ),
  "verity-length": refuse("14.3", "The sidecar ends where its tree ends"),
  "verity-padding": refuse(
    "14.3",
    "Between the descriptor and the tree there are only zero bytes",
  ),
  "verity-descriptor": refuse(
    "14.4",
    "The descriptor is one of version 1, with SHA-256, blocks of 4096 bytes, no salt and no signature",
  ),
  "verity-data-size": refuse("14.4", "data_size is the length of the file"),
  "verity-tree": refuse(
    "14.5",
    "Each hash block on the path of a data block has its hash in the level above",
  ),
  "verity-data": refuse("14.5", "A data block has its hash in level 1"),
  "verity-hole": accept(
    "14.6",
    "A full hash block of zero bytes is the constant of its level",
  ),
};

/** Every rule of programs by its slug, in the order of the document. */
export const PROGRAM_RULES = {
  "interop-capabilities": interop("6.1", "mapped-ram is the only capability"),
  "interop-page-bits": interop(
    "6.1",
    "target-page-bits is there if QEMU writes it for the machine, and only then",
  ),
  "interop-commands": interop("6.1", "There is no command"),
  "interop-sections": interop(
    "6.1",
    "The RAM section is a START and an END, whose section_id is not 0",
  ),
  "interop-vmdesc": interop(
    "6.1",
    "The vmdesc has the members configuration and page_size",
  ),
  "reader-limits": accept(
    "10.4",
    "A limit of a reader is not below the one that SPEC.md gives",
  ),
} as const satisfies Readonly<Record<string, Rule>>;
