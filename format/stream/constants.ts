/**
 * The numbers of SPEC.md, each defined once, by QEMU's name if it has one.
 *
 * @module
 */

/** The version of SPEC.md that this code implements. */
export const SPEC_VERSION = "1.2";

/** First four bytes of a migration stream, "QEVM" (SPEC 3.2). */
export const QEMU_VM_FILE_MAGIC = 0x5145564d;
/** The version of the stream, after the magic (SPEC 3.2). */
export const QEMU_VM_FILE_VERSION = 3;

/** Item type: the end of the state. */
export const QEMU_VM_EOF = 0x00;
/** Item type: first part of an iterable section. */
export const QEMU_VM_SECTION_START = 0x01;
/** Item type: a further part of an iterable section. */
export const QEMU_VM_SECTION_PART = 0x02;
/** Item type: last part of an iterable section. */
export const QEMU_VM_SECTION_END = 0x03;
/** Item type: a whole section, the state of one device. */
export const QEMU_VM_SECTION_FULL = 0x04;
/** Type byte of a subsection inside a configuration or a device's state. */
export const QEMU_VM_SUBSECTION = 0x05;
/** Item type: the JSON description of the device state, after the EOF item. */
export const QEMU_VM_VMDESCRIPTION = 0x06;
/** Item type: the configuration, always the first item. */
export const QEMU_VM_CONFIGURATION = 0x07;
/** Item type: a command. */
export const QEMU_VM_COMMAND = 0x08;
/** Type byte of the footer of a section. */
export const QEMU_VM_SECTION_FOOTER = 0x7e;

/** idstr of the section that holds the RAM (SPEC 4.1). */
export const RAM_SECTION_IDSTR = "ram";
/** version_id of the RAM section (SPEC 4.1). */
export const RAM_SECTION_VERSION = 4;
/** Flag of a RAM record: a zero page, as a byte 0. */
export const RAM_SAVE_FLAG_ZERO = 0x02;
/** Flag of the word that starts the RAM section: the rest of it is the total. */
export const RAM_SAVE_FLAG_MEM_SIZE = 0x04;
/** Flag of a RAM record: the bytes of a page. */
export const RAM_SAVE_FLAG_PAGE = 0x08;
/** The word that ends the body of each part of the RAM section. */
export const RAM_SAVE_FLAG_EOS = 0x10;
/** Flag of a RAM record: a page of the same RAMBlock as the previous record. */
export const RAM_SAVE_FLAG_CONTINUE = 0x20;
/** Flag of a RAM record: the changes in a page that was sent before. */
export const RAM_SAVE_FLAG_XBZRLE = 0x40;
/** Flag of a RAM record that is used only over RDMA. */
export const RAM_SAVE_FLAG_HOOK = 0x80;
/** Flag of a RAM record: a page compressed by zlib; QEMU up to 9.0. */
export const RAM_SAVE_FLAG_COMPRESS_PAGE = 0x100;
/** Flag of a RAM record: pages were sent over other connections (multifd). */
export const RAM_SAVE_FLAG_MULTIFD_FLUSH = 0x200;
/** The one encoding of an XBZRLE record. */
export const ENCODING_FLAG_XBZRLE = 0x01;
/** Mask of the low bits of a RAM word that may be flags. */
export const RAM_SAVE_FLAGS_MASK = 0x3ff;

/** Version of the mapped-ram header of a RAMBlock (SPEC 4.5). */
export const MAPPED_RAM_HDR_VERSION = 1;
/** Bytes of the mapped-ram header of a RAMBlock (SPEC 4.5). */
export const MAPPED_RAM_HDR_SIZE = 28;
/** The alignment of pages_offset by a writer, in bytes: 1 MiB (SPEC 4.7). */
export const MAPPED_RAM_FILE_OFFSET_ALIGNMENT = 0x100000;

/** Smallest target-page-bits, and log2 of the smallest page_size (SPEC 4.6). */
export const TARGET_PAGE_BITS_MIN = 8;
/** Largest target-page-bits, and log2 of the largest page_size (SPEC 4.6). */
export const TARGET_PAGE_BITS_MAX = 20;

/**
 * Maximum number of pages of all RAMBlocks in a file: 64 TiB of RAM in pages of
 * 4 KiB, whose bitmaps have 2 GiB (SPEC 10.4).
 */
export const RAM_PAGES_MAX = 2 ** 34;

/** The capability of mapped-ram files (SPEC 3.7). */
export const CAPABILITY_MAPPED_RAM = "mapped-ram";
/** The name of that capability before QEMU 9.0 (SPEC 11.2). */
export const CAPABILITY_FIXED_RAM = "fixed-ram";
/** The capability that puts `mr_addr` before each header (SPEC 3.7, 4.9). */
export const CAPABILITY_IGNORE_SHARED = "x-ignore-shared";
/** Maximum number of capabilities in a configuration (SPEC 3.7). */
export const CAPABILITIES_MAX = 64;
/**
 * Maximum length of a machine name, idstr or other counted string, in bytes.
 */
export const NAME_LENGTH_MAX = 255;

/** idstr of the section that holds block dirty bitmaps (SPEC 3.9). */
export const DIRTY_BITMAP_SECTION_IDSTR = "dirty-bitmap";
/** version_id of that section (SPEC 3.9). */
export const DIRTY_BITMAP_SECTION_VERSION = 1;
/** Maximum number of bytes of bits in one dirty-bitmap record (SPEC 3.9). */
export const DIRTY_BITMAP_BUFFER_MAX = 10240;

/** idstr of the section of storage attributes of s390x guests (SPEC 3.9). */
export const STORAGE_ATTRIBUTES_SECTION_IDSTR = "s390-storage_attributes";
/** version_id of that section (SPEC 3.9). */
export const STORAGE_ATTRIBUTES_SECTION_VERSION = 0;
/** idstr of the section of the hash table of pseries guests (SPEC 3.9). */
export const HASH_TABLE_SECTION_IDSTR = "spapr/htab";
/** version_id of that section (SPEC 3.9). */
export const HASH_TABLE_SECTION_VERSION = 1;

/** Maximum length of a vmdesc that a reader parses: 64 MiB (SPEC 3.10). */
export const VMDESC_LENGTH_MAX = 0x4000000;

/** Newest version of working-set profiles, that of one with a digest (SPEC 12). */
export const PROFILE_VERSION = 2;
/** Maximum length of a working-set profile in bytes: 64 MiB. */
export const PROFILE_LENGTH_MAX = 0x4000000;
/** Maximum number of RAMBlocks in a working-set profile. */
export const PROFILE_BLOCKS_MAX = 0x10000;
/** Maximum number of runs in a working-set profile. */
export const PROFILE_RUNS_MAX = 0x100000;
/**
 * Maximum number of bytes of device state that a snapshot's identity covers.
 */
export const IDENTITY_STATE_MAX = 0x1000000;

/** Command: the destination is to open the return path (SPEC 3.5). */
export const MIG_CMD_OPEN_RETURN_PATH = 1;
/** Command: the destination is to answer with a PONG. */
export const MIG_CMD_PING = 2;
/** Command: postcopy may follow; the page sizes to agree on. */
export const MIG_CMD_POSTCOPY_ADVISE = 3;
/** Command: watch for page faults from now on. */
export const MIG_CMD_POSTCOPY_LISTEN = 4;
/** Command: let the guest run. */
export const MIG_CMD_POSTCOPY_RUN = 5;
/** Command: drop these ranges of a RAMBlock. */
export const MIG_CMD_POSTCOPY_RAM_DISCARD = 6;
/**
 * Command: a part of the stream to be read completely before it is processed.
 */
export const MIG_CMD_PACKAGED = 7;
/** Maximum length of a PACKAGED part: that of its length field. */
export const MIG_CMD_PACKAGED_MAX = 0xffffffff;

/** Message of the return path: the destination is done; a be32 status. */
export const MIG_RP_MSG_SHUT = 1;
/** Message of the return path: the answer to a PING. */
export const MIG_RP_MSG_PONG = 2;
/** Message of the return path: a request for pages of a named RAMBlock. */
export const MIG_RP_MSG_REQ_PAGES_ID = 3;
/**
 * Message of the return path: a request for pages of the RAMBlock named last.
 */
export const MIG_RP_MSG_REQ_PAGES = 4;
