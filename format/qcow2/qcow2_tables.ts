import type { Walk, WalkedFile } from "../bytes/mod.ts";
import { headerFrom, type Qcow2Header } from "./qcow2_header.ts";

/**
 * Bytes that are read first, of an image that has its tables first in clusters
 * of 64 KiB: header, L1 table, first L2 table, and the first packed cluster,
 * with the headers of a snapshot.
 */
const START_LENGTH = 0x34000;

/** What opening an image reads. */
export interface Qcow2Tables {
  readonly header: Qcow2Header;
  /** The bytes of the L1 table. */
  readonly l1: Uint8Array;
  /** The first bytes of the file, with L2 tables if they are there. */
  readonly start: Uint8Array;
}

/**
 * Reads the header and the L1 table of an image: in one request, if they are
 * near the start of the file.
 *
 * @throws {FormatError} if they break a rule
 * @throws {UnsupportedError} as `readQcow2Header` does
 */
export function* readQcow2Tables(file: WalkedFile): Walk<Qcow2Tables> {
  const start = yield {
    offset: 0,
    length: Math.min(START_LENGTH, file.byteLength),
  };
  const header = yield* headerFrom(file, start);
  const offset = header.l1Offset;
  const length = header.l1Count * 8;
  const isRead = length === 0 || offset + length <= start.length;
  const l1 = isRead
    ? start.slice(offset, offset + length)
    : yield { offset, length };
  return { header, l1, start };
}
