import { alignUp } from "../bitmap/mod.ts";
import type { Walk, WalkedFile } from "../bytes/mod.ts";
import { headerFrom, type Qcow2Header } from "./qcow2_header.ts";

/** Bytes that are read first: the header, extensions, and names. */
const HEADER_LENGTH = 0x10000;
/** Maximum bytes of tables that are read at once: those of 4 GiB and more. */
const TABLES_MAX = 0xb0000;
/** Bytes after them: the first packed cluster, with a snapshot's headers. */
const DATA_LENGTH = 0x4000;

/** What opening an image reads. */
export interface Qcow2Tables {
  readonly header: Qcow2Header;
  /** The bytes of the L1 table. */
  readonly l1: Uint8Array;
  /** The first bytes of the file, with L2 tables if they are there. */
  readonly start: Uint8Array;
}

/**
 * Reads the header and the L1 table of an image. If the L2 tables follow them,
 * as in images that are made to be read over a network, those and the first data
 * come in the same request.
 *
 * @throws {FormatError} if they break a rule
 * @throws {UnsupportedError} as `readQcow2Header` does
 */
export function* readQcow2Tables(file: WalkedFile): Walk<Qcow2Tables> {
  const { byteLength } = file;
  const first = yield {
    offset: 0,
    length: Math.min(HEADER_LENGTH, byteLength),
  };
  const header = yield* headerFrom(file, first);
  const offset = header.l1Offset;
  const length = header.l1Count * 8;
  const startEnd = Math.min(tablesEnd(header), byteLength);
  const start = new Uint8Array(Math.max(startEnd, first.length));
  start.set(first);
  if (startEnd > first.length) {
    start.set(
      yield { offset: first.length, length: startEnd - first.length },
      first.length,
    );
  }
  // An empty disk has no table, wherever the header says that it is.
  const isRead = length === 0 || offset + length <= start.length;
  const l1 = isRead
    ? start.slice(offset, offset + length)
    : yield { offset, length };
  return { header, l1, start };
}

/** Returns the end of what to read first, as tables in order would be. */
function tablesEnd({ l1Offset, l1Count, clusterBits }: Qcow2Header): number {
  const cluster = 2 ** clusterBits;
  const l1End = l1Offset + l1Count * 8;
  const l2Start = alignUp(l1End, cluster);
  const ends = [
    l2Start + l1Count * cluster + DATA_LENGTH,
    l2Start + cluster,
    l1End,
  ];
  return ends.find((it) => it <= TABLES_MAX) ?? 0;
}
