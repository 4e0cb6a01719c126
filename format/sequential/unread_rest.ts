import { ByteWriter } from "../bytes/byte_writer.ts";
import type { ForwardReader } from "./forward_reader.ts";
import type { RecordContext } from "./ram_record_walk.ts";
import type { UnreadRest } from "./sequential_visitor.ts";

/** The position of a walk, in case it fails. */
export interface StreamPlace {
  /** The bytes before the first item; empty once the RAM section has begun. */
  head: Uint8Array;
  /** Items that have not been passed on yet. */
  held: Uint8Array[];
  /** The records that are being read. */
  records: RecordContext | undefined;
}

/** Returns the bytes fetched but not passed on. */
export function unreadAt(
  reader: ForwardReader,
  { head, held, records }: StreamPlace,
): UnreadRest {
  if (records !== undefined) {
    const bytes = reader.fetchedFrom(records.recordOffset);
    return { from: "record", bytes };
  }
  const rest = [reader.takeKept(), reader.peekBytes(reader.available)];
  const bytes = joined([head, ...held, ...rest]);
  return { from: head.length > 0 ? "stream" : "item", bytes };
}

/** Concatenates pieces. */
export function joined(pieces: readonly Uint8Array[]): Uint8Array {
  const writer = new ByteWriter();
  for (const piece of pieces) writer.bytes(piece);
  return writer.finish();
}
