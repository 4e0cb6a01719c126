/**
 * The records of a RAM section in a sequential stream (SPEC 11.4), passed on
 * one by one without unpacking.
 *
 * @module
 */

import type { Walk } from "../bytes/walk.ts";
import { hex } from "../rules/errors.ts";
import {
  ENCODING_FLAG_XBZRLE,
  NAME_LENGTH_MAX,
  RAM_SAVE_FLAG_COMPRESS_PAGE,
  RAM_SAVE_FLAG_CONTINUE,
  RAM_SAVE_FLAG_EOS,
  RAM_SAVE_FLAG_HOOK,
  RAM_SAVE_FLAG_MULTIFD_FLUSH,
  RAM_SAVE_FLAG_PAGE,
  RAM_SAVE_FLAG_XBZRLE,
  RAM_SAVE_FLAG_ZERO,
} from "../stream/constants.ts";
import type { ForwardReader } from "./forward_reader.ts";

/** A RAMBlock of a sequential stream, as listed in START. */
export interface StreamBlock {
  /** QEMU's name of the block: `pc.ram`. */
  readonly idstr: string;
  /** Bytes of RAM in the block. */
  readonly usedLength: number;
  /** Its index in the list, from 0. */
  readonly index: number;
  /** Guest-physical address, if `x-ignore-shared` is on. */
  readonly mrAddr?: bigint;
}

/** The contents of a record: a page, a zero page, or data to be unpacked. */
export type RamRecordKind = "page" | "zero" | "xbzrle" | "compressed";

/** A record. Its data is valid until the walk's next request is answered. */
export interface RamRecord {
  /** Its contents. */
  readonly kind: RamRecordKind;
  /** The RAMBlock of the page. */
  readonly block: StreamBlock;
  /** Index of the page in the block. */
  readonly pageIndex: number;
  /** The page, the delta or the compressed page; empty for a zero page. */
  readonly data: Uint8Array;
  /** Position of the data in the stream. */
  readonly offset: number;
}

/**
 * State that the records of a stream share, across the parts of the section.
 */
export interface RecordContext {
  /** The RAMBlocks by idstr. */
  readonly blocks: ReadonlyMap<string, StreamBlock>;
  /** Size of a page in bytes. */
  readonly pageSize: number;
  /** Receives each record. */
  readonly visit: (record: RamRecord) => void;
  /** The RAMBlock that was named last. */
  last: StreamBlock | undefined;
  /** Position of the record that is being read. */
  recordOffset: number;
}

const NO_BYTES = new Uint8Array(0);
const WORD = 8;

/**
 * Reads the records of one part of the section, up to and including its EOS.
 */
export function* readRamRecords(
  reader: ForwardReader,
  context: RecordContext,
): Walk<void> {
  const { pageSize, visit } = context;
  for (;;) {
    if (reader.available < WORD) yield* reader.fetch(WORD);
    const wordOffset = reader.offset;
    context.recordOffset = wordOffset;
    const word = reader.be64("a RAM record");
    const position = Math.floor(word / pageSize) * pageSize;
    const flags = word - position;
    if (word === RAM_SAVE_FLAG_EOS) return;
    const kind = flags & ~RAM_SAVE_FLAG_CONTINUE;
    checkKind(reader, kind, word, wordOffset);
    const block = (flags & RAM_SAVE_FLAG_CONTINUE) === 0
      ? yield* readBlock(reader, context)
      : context.last;
    if (block === undefined) {
      throw reader.formatError("record-block", {
        offset: wordOffset,
        found: "CONTINUE where no RAMBlock was named before",
        expected: "an idstr",
      });
    }
    context.last = block;
    if (position >= block.usedLength) {
      throw reader.formatError("record-inside-block", {
        offset: wordOffset,
        idstr: block.idstr,
        found: `a page at ${hex(position)}`,
        expected: `one inside its ${hex(block.usedLength)} bytes`,
      });
    }
    const pageIndex = position / pageSize;
    if (kind === RAM_SAVE_FLAG_PAGE) {
      if (reader.available < pageSize) yield* reader.fetch(pageSize);
      const { offset } = reader;
      const data = reader.bytes(pageSize, "a page");
      visit({ kind: "page", block, pageIndex, data, offset });
    } else if (kind === RAM_SAVE_FLAG_ZERO) {
      if (reader.available < 1) yield* reader.fetch(1);
      checkZero(reader, block);
      const { offset } = reader;
      visit({ kind: "zero", block, pageIndex, data: NO_BYTES, offset });
    } else {
      const data = kind === RAM_SAVE_FLAG_XBZRLE
        ? yield* readDelta(reader, block, pageSize)
        : yield* readCompressed(reader, block, pageSize);
      visit({
        kind: kind === RAM_SAVE_FLAG_XBZRLE ? "xbzrle" : "compressed",
        block,
        pageIndex,
        data,
        offset: reader.offset - data.length,
      });
    }
  }
}

/**
 * Refuses flags of an unknown kind, or of one that this reader does not
 * support.
 */
function checkKind(
  reader: ForwardReader,
  kind: number,
  word: number,
  offset: number,
): void {
  switch (kind) {
    case RAM_SAVE_FLAG_PAGE:
    case RAM_SAVE_FLAG_ZERO:
    case RAM_SAVE_FLAG_XBZRLE:
    case RAM_SAVE_FLAG_COMPRESS_PAGE:
      return;
    case RAM_SAVE_FLAG_HOOK:
    case RAM_SAVE_FLAG_MULTIFD_FLUSH: {
      const transport = kind === RAM_SAVE_FLAG_HOOK
        ? "RDMA"
        : "several connections (multifd)";
      throw reader.unsupportedError("record-flags", {
        feature: `pages sent over ${transport}`,
        offset,
        found: `the word ${hex(word)}: pages sent over ${transport}`,
        expected: "pages in the stream itself",
      });
    }
  }
  throw reader.formatError("record-flags", {
    offset,
    found: `the word ${hex(word)}`,
    expected: "the flag of a page, of a zero page, of XBZRLE, of a " +
      `compressed page, or EOS (${hex(RAM_SAVE_FLAG_EOS)}) alone`,
  });
}

function* readBlock(
  reader: ForwardReader,
  { blocks }: RecordContext,
): Walk<StreamBlock> {
  yield* reader.fetch(1);
  yield* reader.fetch(1 + (reader.peek() ?? NAME_LENGTH_MAX));
  const { offset } = reader;
  const idstr = reader.countedString("the idstr of a RAM record");
  const block = blocks.get(idstr);
  if (block !== undefined) return block;
  throw reader.formatError("record-block", {
    offset,
    found: `a record of ${JSON.stringify(idstr)}`,
    expected: "a RAMBlock of the list whose pages are in the stream",
  });
}

function checkZero(reader: ForwardReader, { idstr }: StreamBlock): void {
  const { offset } = reader;
  const value = reader.u8("the byte of a zero page");
  if (value === 0) return;
  throw reader.formatError("record-zero", {
    offset,
    idstr,
    found: `a page of bytes ${hex(value)}`,
    expected: "0",
  });
}

function* readDelta(
  reader: ForwardReader,
  { idstr }: StreamBlock,
  pageSize: number,
): Walk<Uint8Array> {
  yield* reader.fetch(3);
  const { offset } = reader;
  const encoding = reader.u8("the encoding of an XBZRLE record");
  const length = reader.be16("the length of an XBZRLE record");
  if (encoding !== ENCODING_FLAG_XBZRLE || length > pageSize) {
    throw reader.formatError("record-xbzrle", {
      offset: encoding === ENCODING_FLAG_XBZRLE ? offset + 1 : offset,
      idstr,
      found: encoding === ENCODING_FLAG_XBZRLE
        ? `a delta of ${length} bytes`
        : `the encoding ${hex(encoding)}`,
      expected: encoding === ENCODING_FLAG_XBZRLE
        ? `at most ${pageSize}`
        : hex(ENCODING_FLAG_XBZRLE),
    });
  }
  yield* reader.fetch(length);
  return reader.bytes(length, "an XBZRLE delta");
}

function* readCompressed(
  reader: ForwardReader,
  { idstr }: StreamBlock,
  pageSize: number,
): Walk<Uint8Array> {
  yield* reader.fetch(4);
  const { offset } = reader;
  const length = reader.be32("the length of a compressed page");
  const lengthMax = compressBound(pageSize);
  if (length > lengthMax) {
    throw reader.formatError("record-compressed", {
      offset,
      idstr,
      found: `a compressed page of ${length} bytes`,
      expected: `at most ${lengthMax}`,
    });
  }
  yield* reader.fetch(length);
  return reader.bytes(length, "a compressed page");
}

/**
 * The maximum size of `length` bytes compressed by zlib, which is QEMU's limit
 * too.
 */
function compressBound(length: number): number {
  return length + Math.floor(length / 0x1000) + Math.floor(length / 0x4000) +
    13;
}
