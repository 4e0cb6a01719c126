/**
 * The commands of a sequential stream: most have no meaning in a file.
 *
 * @module
 */

import {
  MIG_CMD_OPEN_RETURN_PATH,
  MIG_CMD_PING,
  MIG_CMD_POSTCOPY_ADVISE,
} from "../stream/constants.ts";
import type { ForwardReader } from "../stream/forward_reader.ts";
import type { StreamItem } from "../stream/migration_stream.ts";

/** Bytes of a command without a payload. */
export const EMPTY_COMMAND = 5;
/** Commands that only ask for answers; a file has none to give. */
const ASKING_COMMANDS: readonly number[] = [
  MIG_CMD_OPEN_RETURN_PATH,
  MIG_CMD_PING,
];

/** Whether a command means something where there is nobody to answer. */
export function isForFile(
  item: StreamItem & { readonly kind: "command" },
  bytes: Uint8Array,
): boolean {
  if (ASKING_COMMANDS.includes(item.command)) return false;
  // With a payload it announces that pages may come by postcopy.
  return item.command !== MIG_CMD_POSTCOPY_ADVISE ||
    bytes.length === EMPTY_COMMAND;
}

/**
 * With postcopy, RAMBlocks of huge pages have one more number in the list, and
 * nothing says which they are.
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
