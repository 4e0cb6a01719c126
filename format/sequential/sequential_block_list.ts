/**
 * The list of RAMBlocks of a sequential stream (SPEC 11.4): idstr and
 * used_length, and `mr_addr` if `x-ignore-shared` is on. No header follows.
 *
 * @module
 */

import { isPrintableAscii } from "../bytes/byte_reader.ts";
import type { Walk } from "../bytes/walk.ts";
import { hex, type UnsupportedError } from "../rules/errors.ts";
import type { Configuration } from "../stream/configuration.ts";
import {
  CAPABILITY_IGNORE_SHARED,
  NAME_LENGTH_MAX,
  RAM_SAVE_FLAG_EOS,
  RAM_SAVE_FLAG_MEM_SIZE,
  RAM_SAVE_FLAGS_MASK,
} from "../stream/constants.ts";
import type { ForwardReader } from "./forward_reader.ts";
import type { StreamBlock } from "./ram_record_walk.ts";

/** Maximum number of RAMBlocks, and of pages in all of them. */
const BLOCKS_MAX = 0x10000;
const PAGES_MAX = 2 ** 32;

/** Reads the total and the list, but not the records that may follow it. */
export function* readBlockList(
  reader: ForwardReader,
  configuration: Configuration,
  pageSize: number,
): Walk<Map<string, StreamBlock>> {
  yield* reader.fetch(8);
  const totalOffset = reader.offset;
  const word = reader.be64("the total of the RAM section");
  const flags = word % (RAM_SAVE_FLAGS_MASK + 1);
  if (flags !== RAM_SAVE_FLAG_MEM_SIZE) {
    throw reader.formatError("ram-total-flag", {
      offset: totalOffset,
      found: `the word ${hex(word)}`,
      expected: `a total with the flag ${hex(RAM_SAVE_FLAG_MEM_SIZE)} alone`,
    });
  }
  const total = word - flags;
  const ignoreShared = configuration.capabilities.includes(
    CAPABILITY_IGNORE_SHARED,
  );
  checkSize(reader, total / pageSize, totalOffset);
  const blocks = new Map<string, StreamBlock>();
  for (let sum = 0; sum < total;) {
    yield* reader.fetch(8);
    yield* reader.fetch(entryLength(reader, ignoreShared));
    const entryOffset = reader.offset;
    const idstr = reader.countedString("idstr");
    checkIdstr(reader, idstr, entryOffset, { sum, total });
    const lengthOffset = reader.offset;
    const usedLength = reader.be64("used_length");
    const violation = { offset: lengthOffset, idstr };
    if (usedLength % pageSize !== 0) {
      throw reader.formatError("used-length-aligned", {
        ...violation,
        found: `used_length is ${hex(usedLength)}`,
        expected: `a multiple of the page size ${hex(pageSize)}`,
      });
    }
    sum += usedLength;
    if (sum > total) {
      throw reader.formatError("ram-total", {
        ...violation,
        found: `used_length ${hex(usedLength)} makes a sum of ${hex(sum)}`,
        expected: `the total of ${hex(total)}`,
      });
    }
    if (blocks.size === BLOCKS_MAX) {
      throw tooMuch(reader, entryOffset, [BLOCKS_MAX, "RAMBlocks"]);
    }
    if (blocks.has(idstr)) {
      throw reader.formatError("idstr-unique", {
        offset: entryOffset,
        found: `a second RAMBlock ${JSON.stringify(idstr)}`,
        expected: "a unique idstr",
      });
    }
    blocks.set(idstr, {
      idstr,
      usedLength,
      index: blocks.size,
      ...ignoreShared ? { mrAddr: reader.be64BigInt("mr_addr") } : {},
    });
  }
  return blocks;
}

/**
 * Limits the number of pages, which, unlike in a mapped-ram file, need not be
 * in the stream.
 */
function checkSize(
  reader: ForwardReader,
  pageCount: number,
  offset: number,
): void {
  if (pageCount <= PAGES_MAX) return;
  throw tooMuch(reader, offset, [PAGES_MAX, "pages of RAM"]);
}

function tooMuch(
  reader: ForwardReader,
  offset: number,
  [limit, unit]: readonly [limit: number, unit: string],
): UnsupportedError {
  const what = `more than ${limit} ${unit}`;
  return reader.unsupportedError("ram-total", {
    feature: what,
    offset,
    found: what,
    expected: `at most ${limit}`,
  });
}

function entryLength(reader: ForwardReader, ignoreShared: boolean): number {
  return 1 + (reader.peek() ?? 0) + 8 + (ignoreShared ? 8 : 0);
}

function checkIdstr(
  reader: ForwardReader,
  idstr: string,
  offset: number,
  { sum, total }: { readonly sum: number; readonly total: number },
): void {
  if (idstr.length > 0 && isPrintableAscii(idstr)) return;
  // An EOS word starts with a byte 0, as an empty idstr does.
  const ends = idstr.length === 0 && reader.available >= 7 &&
    reader.bytes(7, "the end of the list")[6] === RAM_SAVE_FLAG_EOS;
  throw ends
    ? reader.formatError("ram-total", {
      offset,
      found: `the list ends after ${hex(sum)} bytes of RAM`,
      expected: `RAMBlocks of ${hex(total)} bytes in total`,
    })
    : reader.formatError("idstr-text", {
      offset,
      found: `the idstr is ${JSON.stringify(idstr)}`,
      expected: `1 to ${NAME_LENGTH_MAX} bytes of printable ASCII`,
    });
}
