/**
 * The commands of a sequential stream, most of which have no meaning in a file.
 *
 * @module
 */

import {
  MIG_CMD_OPEN_RETURN_PATH,
  MIG_CMD_PING,
  MIG_CMD_POSTCOPY_ADVISE,
} from "../stream/constants.ts";
import type { ForwardReader } from "./forward_reader.ts";
import type { StreamItem } from "../stream/migration_stream.ts";

/** Bytes of a command without a payload. */
export const EMPTY_COMMAND = 5;
/** Commands that only request answers, which a file cannot give. */
const ASKING_COMMANDS: readonly number[] = [
  MIG_CMD_OPEN_RETURN_PATH,
  MIG_CMD_PING,
];

/** Whether a command has a meaning in a file, where nothing can answer it. */
export function isForFile(
  item: StreamItem & { readonly kind: "command" },
  bytes: Uint8Array,
): boolean {
  if (ASKING_COMMANDS.includes(item.command)) return false;
  // With a payload, it announces that pages may be sent by postcopy.
  return item.command !== MIG_CMD_POSTCOPY_ADVISE ||
    bytes.length === EMPTY_COMMAND;
}

/**
 * Refuses pages of several sizes. With postcopy, RAMBlocks of huge pages have
 * one more number in the list, and nothing says which blocks those are.
 */
export function checkPageSizes(
  reader: ForwardReader,
  payload: Uint8Array,
  offset: number,
): void {
  const { buffer, byteOffset, length } = payload;
  const sizes = new DataView(buffer, byteOffset, length).getBigUint64(0);
  if ((sizes & (sizes - 1n)) === 0n) return;
  throw reader.unsupportedError("command-known", {
    feature: "postcopy of RAMBlocks with pages of several sizes",
    offset,
    found: `POSTCOPY_ADVISE with pages of several sizes, 0x${
      sizes.toString(16)
    }`,
    expected: "pages of one size",
  });
}
