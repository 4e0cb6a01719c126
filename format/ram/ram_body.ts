/**
 * The bodies of the RAM section without a list (SPEC 4.10, 4.11): only EOS, or
 * its equivalent in a dialect.
 *
 * @module
 */

import type { Walk } from "../bytes/walk.ts";
import { hex } from "../rules/errors.ts";
import {
  RAM_SAVE_FLAG_EOS,
  RAM_SAVE_FLAG_MULTIFD_FLUSH,
} from "../stream/constants.ts";
import type { StreamReader } from "../stream/stream_reader.ts";
import type { RamLayout } from "./fixed_ram_header.ts";

/** Reads the body of a PART or of END. */
export function* readRamBody(
  reader: StreamReader,
  layout: RamLayout,
): Walk<void> {
  // With inline bitmaps it is empty.
  if (layout === "fixed-ram-inline") return;
  yield* readEos(reader, "ram-body-empty", layout);
}

/** Reads a body that must be only EOS. */
export function* readEos(
  reader: StreamReader,
  rule: "ram-setup-end" | "ram-body-empty",
  layout: RamLayout = "mapped-ram",
): Walk<void> {
  if (layout === "fixed-ram-header") yield* skipFlushes(reader);
  // As far from other data as an entry, but nothing after it can be guessed.
  yield* reader.fetch(8, () => []);
  const { offset } = reader;
  const word = reader.be64BigInt("the end of a RAM body");
  if (word !== BigInt(RAM_SAVE_FLAG_EOS)) {
    throw reader.formatError(rule, {
      offset,
      found: `the word 0x${word.toString(16)}`,
      expected: `${hex(RAM_SAVE_FLAG_EOS)} (EOS)`,
    });
  }
  if (layout === "fixed-ram-header") yield* skipFlushes(reader);
}

/** Skips the words that fixed-ram wrote for multifd. */
function* skipFlushes(reader: StreamReader): Walk<void> {
  for (;;) {
    yield* reader.fetch(8, () => []);
    const word = reader.peekBytes(8);
    if (word.length < 8 || !isFlush(word)) return;
    reader.bytes(8, "a RAM body");
  }
}

function isFlush(word: Uint8Array): boolean {
  const view = new DataView(word.buffer, word.byteOffset, word.length);
  return view.getBigUint64(0) === BigInt(RAM_SAVE_FLAG_MULTIFD_FLUSH);
}
