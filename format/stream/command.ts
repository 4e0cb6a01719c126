/**
 * Commands between the sections (SPEC 3.5). A reader of a file only skips them.
 *
 * @module
 */

import type { ByteWriter } from "../bytes/byte_writer.ts";
import type { Walk } from "../bytes/walk.ts";
import { hex } from "../rules/errors.ts";
import { QEMU_VM_COMMAND } from "./constants.ts";
import type { StreamReader } from "./stream_reader.ts";

/** Valid payload lengths of each command; undefined: any. */
const PAYLOAD_LENGTHS = new Map<number, readonly number[] | undefined>([
  [1, [0]], // OPEN_RETURN_PATH
  [2, [4]], // PING
  [3, [0, 16]], // POSTCOPY_ADVISE
  [4, [0]], // POSTCOPY_LISTEN
  [5, [0]], // POSTCOPY_RUN
  [6, undefined], // POSTCOPY_RAM_DISCARD
  [8, [0]], // ENABLE_COLO
  [9, [0]], // POSTCOPY_RESUME
  [10, undefined], // RECV_BITMAP
  [11, [0]], // SWITCHOVER_START
]);

/** Skips a command after its type byte, and returns its number. */
export function* skipCommand(reader: StreamReader): Walk<number> {
  const commandOffset = reader.offset;
  const command = reader.be16("a command");
  const lengthOffset = reader.offset;
  const length = reader.be16("the length of a command");
  if (!PAYLOAD_LENGTHS.has(command)) {
    throw reader.unsupportedError("command-known", {
      feature: `command ${command}`,
      offset: commandOffset,
      found: `command ${command}`,
      expected: `one of ${[...PAYLOAD_LENGTHS.keys()].join(", ")}`,
    });
  }
  const allowed = PAYLOAD_LENGTHS.get(command);
  if (allowed !== undefined && !allowed.includes(length)) {
    throw reader.formatError("command-length", {
      offset: lengthOffset,
      found: `a length of ${hex(length)} for command ${command}`,
      expected: `${allowed.join(" or ")}`,
    });
  }
  yield* reader.fetch(length);
  reader.bytes(length, "the payload of a command");
  return command;
}

/** Writes a command, item type included. */
export function writeCommand(
  writer: ByteWriter,
  command: number,
  { payload = new Uint8Array(0) }: { readonly payload?: Uint8Array } = {},
): void {
  writer.u8(QEMU_VM_COMMAND).be16(command).be16(payload.length).bytes(payload);
}
