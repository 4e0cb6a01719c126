import { Buffer } from "node:buffer";
import { ByteWriter } from "../bytes/byte_writer.ts";
import { ForwardReader } from "../sequential/forward_reader.ts";
import { walkSequentialStream } from "../sequential/sequential_stream.ts";
import type {
  SequentialEnd,
  SequentialOptions,
} from "../sequential/sequential_visitor.ts";
import { ByteByByte } from "./byte_by_byte.ts";
import { item } from "./stream_bytes.ts";

/** Bytes of a page. */
export const PAGE = 0x1000;
/** The record that ends a part of RAM. */
export const EOS = 0x10;

/** Magic, version and a configuration with these subsections. */
export function headerOf(subsections = new ByteWriter()): Uint8Array {
  return new ByteWriter().text("QEVM").be32(3).u8(7).be32(4).text("none")
    .bytes(subsections.finish()).finish();
}

/** A header without subsections. */
export const HEADER: Uint8Array = headerOf();
/** One RAMBlock of two pages, without a record. */
export const LIST: Uint8Array = new ByteWriter().be64(2 * PAGE + 4)
  .countedString("ram").be64(2 * PAGE).be64(EOS).finish();
/** The START of the RAM section. */
export const START: Uint8Array = item.head(1, "ram", LIST);
/** The END of RAM, without records. */
export const END: Uint8Array = item.rest(3);

/** Makes a PART with a zero record for a page. */
export function partOf(page: number): Uint8Array {
  const body = new ByteWriter().be64(page * PAGE + 2).countedString("ram")
    .u8(0).be64(EOS);
  return item.rest(2, 1, body.finish());
}

/** What a walk reported. */
export interface Walked {
  readonly events: readonly string[];
  readonly end: SequentialEnd;
  readonly pageSize: number | undefined;
}

/** Walks over items; returns the visitor's calls, with bytes in hexadecimal. */
export function walk(
  items: readonly Uint8Array[],
  options: SequentialOptions = {},
): Walked {
  const events: string[] = [];
  let pageSize: number | undefined;
  const socket = new ByteByByte(Buffer.concat(items), { ends: true });
  const visitor = {
    begin: (head: { itemsBefore: Uint8Array; pageSize: number }) => {
      events.push(`begin ${hexOf(head.itemsBefore)}`);
      pageSize = head.pageSize;
    },
    record: (record: { kind: string; pageIndex: number }) =>
      void events.push(`${record.kind} ${record.pageIndex}`),
    state: (bytes: Uint8Array) => void events.push(`state ${hexOf(bytes)}`),
    part: () => void events.push("part"),
    asked: (command: number, payload: Uint8Array) =>
      void events.push(`asked ${command} ${hexOf(payload)}`),
  };
  const reader = new ForwardReader(socket, 0);
  const end = socket.run(walkSequentialStream(reader, visitor, options));
  return { events: joined(events), end, pageSize };
}

/** Joins consecutive states: how they are divided is not specified. */
function joined(events: readonly string[]): string[] {
  const list: string[] = [];
  for (const event of events) {
    const last = list.at(-1) ?? "";
    if (event.startsWith("state ") && last.startsWith("state ")) {
      list[list.length - 1] = last + event.slice("state ".length);
    } else list.push(event);
  }
  return list;
}

/** Returns bytes in hexadecimal. */
export function hexOf(...bytes: readonly Uint8Array[]): string {
  return Buffer.concat(bytes).toString("hex");
}

/** Returns the length of several items in all. */
export function lengthOf(...items: readonly Uint8Array[]): number {
  return Buffer.concat(items).length;
}
