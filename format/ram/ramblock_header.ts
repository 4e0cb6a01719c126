/**
 * One entry in the list of RAMBlocks (SPEC 4.3 to 4.9): idstr, used_length,
 * `mr_addr` if `x-ignore-shared` is on, and the mapped-ram header.
 *
 * @module
 */

import type { ByteWriter } from "../bytes/byte_writer.ts";
import { isPrintableAscii } from "../bytes/byte_reader.ts";
import type { Walk } from "../bytes/walk.ts";
import { hex } from "../rules/errors.ts";
import { MAPPED_RAM_HDR_SIZE, NAME_LENGTH_MAX } from "../stream/constants.ts";
import type { StreamReader } from "../stream/stream_reader.ts";
import {
  type RamLayout,
  readFixedRamHeader,
  writeFixedRamHeader,
} from "./fixed_ram_header.ts";
import {
  type MappedRamHeader,
  readMappedRamHeader,
  writeMappedRamHeader,
} from "./mapped_ram_header.ts";
import { EntryChecks, type RAMBlockContext } from "./ramblock_checks.ts";
import type { RAMBlockHeader } from "./ramblock_entry.ts";

/** Maximum length of an entry: names, lengths and header. */
export const RAMBLOCK_ENTRY_MAX = 1 + NAME_LENGTH_MAX + 8 + 8 +
  MAPPED_RAM_HDR_SIZE;

/**
 * Reads an entry and checks everything that can be checked without the others.
 */
export function* readRAMBlockHeader(
  reader: StreamReader,
  context: RAMBlockContext,
): Walk<RAMBlockHeader> {
  yield* reader.fetch(RAMBLOCK_ENTRY_MAX);
  const entryOffset = reader.offset;
  const idstr = readIdstr(reader);
  const usedLengthOffset = reader.offset;
  const usedLength = reader.be64("used_length");
  const mrAddr = context.ignoreShared
    ? reader.be64BigInt("mr_addr")
    : undefined;
  const headerOffset = reader.offset;
  const header = context.layout === "fixed-ram-inline"
    ? readFixedRamHeader(reader, { idstr, usedLength }, context)
    : readMappedRamHeader(reader, idstr);
  const block: RAMBlockHeader = {
    idstr,
    usedLength,
    ...(mrAddr === undefined ? {} : { mrAddr }),
    ...header,
    ignored: header.bitmapOffset === 0 && header.pagesOffset === 0,
    entry: { offset: entryOffset, length: reader.offset - entryOffset },
  };

  const checks = new EntryChecks(reader, { block, headerOffset, context });
  checks.pageSize();
  if (usedLength % block.pageSize !== 0) {
    throw reader.formatError("used-length-aligned", {
      offset: usedLengthOffset,
      idstr,
      found: `used_length is ${hex(usedLength)}`,
      expected: `a multiple of page_size ${hex(block.pageSize)}`,
    });
  }
  if (usedLength === 0) {
    reader.report(reader.formatError("used-length-positive", {
      offset: usedLengthOffset,
      idstr,
      found: "used_length is 0",
      expected: "at least one page",
    }));
  }
  checks.ignored();
  if (!block.ignored) {
    checks.pagesOffset();
    checks.bitmapOffset();
  }
  return block;
}

function readIdstr(reader: StreamReader): string {
  const { offset } = reader;
  const idstr = reader.countedString("idstr");
  if (idstr.length === 0 || !isPrintableAscii(idstr)) {
    throw reader.formatError("idstr-text", {
      offset,
      found: `the idstr is ${JSON.stringify(idstr)}`,
      expected: `1 to ${NAME_LENGTH_MAX} bytes of printable ASCII`,
    });
  }
  return idstr;
}

/** Writes an entry. */
export function writeRAMBlockHeader(
  writer: ByteWriter,
  block: MappedRamHeader & {
    readonly idstr: string;
    readonly usedLength: number;
  },
  { layout }: { readonly layout?: RamLayout | undefined } = {},
): void {
  writer.countedString(block.idstr).be64(block.usedLength);
  if (layout === "fixed-ram-inline") writeFixedRamHeader(writer, block);
  else writeMappedRamHeader(writer, block);
}
