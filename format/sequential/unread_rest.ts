import { ByteWriter } from "../bytes/byte_writer.ts";
import type { ForwardReader } from "../stream/forward_reader.ts";
import type { RecordContext } from "./ram_record_walk.ts";
import type { UnreadRest } from "./sequential_visitor.ts";

/** Where a walk is, should it not be able to go on. */
export interface StreamPlace {
  /** What stands before the first item; none once the RAM section began. */
  head: Uint8Array;
  /** Items that are not handed on yet. */
  held: Uint8Array[];
  /** The records that are being read. */
  records: RecordContext | undefined;
}

/** What was fetched and not handed on. */
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

/** All of some pieces. */
export function joined(pieces: readonly Uint8Array[]): Uint8Array {
  const writer = new ByteWriter();
  for (const piece of pieces) writer.bytes(piece);
  return writer.finish();
}
