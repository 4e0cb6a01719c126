/**
 * The JSON description of the device state after the EOF item (SPEC 3.10). It
 * is the only source of the length of a FULL section: no item of a stream has a
 * length.
 *
 * @module
 */

import { type ByteRange, rangeEnd } from "../bytes/byte_range.ts";
import type { Walk, WalkedFile } from "../bytes/walk.ts";
import {
  QEMU_VM_EOF,
  QEMU_VM_VMDESCRIPTION,
  VMDESC_LENGTH_MAX,
} from "../stream/constants.ts";
import { scanVmdesc, type VmdescDevices } from "./vmdesc_devices.ts";

/** A vmdesc in a file. */
export interface Vmdesc {
  /** Its range in the file: type byte, be32 length and text. */
  readonly range: ByteRange;
  /** The devices that it describes. They must not be trusted. */
  readonly devices: VmdescDevices;
  /** Its `page_size` in bytes, if that is a number. */
  readonly pageSize: number | undefined;
}

/** Bytes before its text: type and be32 length. */
const HEADER_LENGTH = 5;
const OPENING_BRACE = 0x7b;
/** The EOF item, the header, and the opening brace of the text. */
const MARK_LENGTH = 1 + HEADER_LENGTH + 1;
const WINDOW = 0x40000;
/** The first window of the search from the end, and the longest. */
const LAST_WINDOW_MIN = 0x10000;
const LAST_WINDOW_MAX = 0xff000;
/**
 * How far past `from` a vmdesc is searched for: with the search from the end of
 * the file, 252 MiB in total.
 */
const SEARCH_MAX = 0xb800000;
/** How far from the end of the file a vmdesc is searched for. */
const LAST_SEARCH_MAX = 0x4400000;
/** Number of texts that look like a vmdesc that are tried before giving up. */
const TRIES_MAX = 8;
/** Maximum total length of those texts, in the search from the end. */
const TRIED_MAX = 2 * VMDESC_LENGTH_MAX;

/** Reads the vmdesc whose type byte is at `offset`, if there is one. */
export function* readVmdesc(
  file: WalkedFile,
  offset: number,
): Walk<Vmdesc | undefined> {
  if (offset + HEADER_LENGTH > file.byteLength) return undefined;
  const head = yield { offset, length: HEADER_LENGTH };
  if (head[0] !== QEMU_VM_VMDESCRIPTION) return undefined;
  const view = new DataView(head.buffer, head.byteOffset, head.length);
  const range = vmdescRange(file, offset, view.getUint32(1));
  return range && (yield* readText(range));
}

/** Returns whether a vmdesc may be that of the stream. */
export type AcceptVmdesc = (vmdesc: Vmdesc) => Walk<boolean>;

/**
 * Finds the first vmdesc after `from`: an EOF item, type, length and a JSON
 * text. Those that `accepts` rejects are skipped.
 */
export function* findVmdesc(
  file: WalkedFile,
  from: number,
  accepts?: AcceptVmdesc,
): Walk<Vmdesc | undefined> {
  const searchEnd = Math.min(file.byteLength, from + SEARCH_MAX);
  let tries = 0;
  for (let start = from; start + MARK_LENGTH < searchEnd;) {
    const length = Math.min(WINDOW, searchEnd - start);
    const window = yield { offset: start, length };
    const view = new DataView(window.buffer, window.byteOffset, length);
    for (
      let at = window.indexOf(QEMU_VM_VMDESCRIPTION, 1);
      at >= 0 && at + HEADER_LENGTH < length;
      at = window.indexOf(QEMU_VM_VMDESCRIPTION, at + 1)
    ) {
      if (
        window[at - 1] !== QEMU_VM_EOF ||
        window[at + HEADER_LENGTH] !== OPENING_BRACE
      ) continue;
      const range = vmdescRange(file, start + at, view.getUint32(at + 1));
      if (range === undefined) continue;
      const vmdesc = yield* readText(range);
      if (vmdesc !== undefined && (!accepts || (yield* accepts(vmdesc)))) {
        return vmdesc;
      }
      if (++tries === TRIES_MAX) return undefined;
    }
    start += Math.max(1, length - MARK_LENGTH);
  }
  return undefined;
}

/**
 * Finds the last vmdesc of a file, searching backwards from the end, but not
 * before `from`: pages of a guest may contain others. Those that `accepts`
 * rejects, such as one in a trailer, are skipped.
 */
export function* findLastVmdesc(
  file: WalkedFile,
  from: number,
  { accepts }: { readonly accepts?: AcceptVmdesc } = {},
): Walk<Vmdesc | undefined> {
  let tries = 0;
  let tried = 0;
  let windowLength = LAST_WINDOW_MIN;
  const searchStart = Math.max(from, file.byteLength - LAST_SEARCH_MAX);
  for (let end = file.byteLength; end > searchStart;) {
    const start = Math.max(searchStart, end - windowLength);
    // A header may cross the end of the window.
    const length = Math.min(file.byteLength, end + MARK_LENGTH - 1) - start;
    const window = yield { offset: start, length };
    const view = new DataView(window.buffer, window.byteOffset, length);
    for (
      let at = window.lastIndexOf(OPENING_BRACE);
      at >= MARK_LENGTH - 1;
      at = window.lastIndexOf(OPENING_BRACE, at - 1)
    ) {
      const head = at - MARK_LENGTH + 1;
      if (
        window[head] !== QEMU_VM_EOF ||
        window[head + 1] !== QEMU_VM_VMDESCRIPTION
      ) continue;
      const textLength = view.getUint32(head + 2);
      const range = vmdescRange(file, start + head + 1, textLength);
      if (range === undefined) continue;
      tried += textLength;
      if (tried > TRIED_MAX) return undefined;
      const vmdesc = yield* readText(range);
      if (vmdesc !== undefined && (!accepts || (yield* accepts(vmdesc)))) {
        return vmdesc;
      }
      if (++tries === TRIES_MAX) return undefined;
    }
    end = start;
    windowLength = Math.min(LAST_WINDOW_MAX, 4 * windowLength);
  }
  return undefined;
}

/**
 * Returns the range of a vmdesc with that text length; undefined if it is not
 * valid.
 */
function vmdescRange(
  file: WalkedFile,
  offset: number,
  textLength: number,
): ByteRange | undefined {
  const range = { offset, length: HEADER_LENGTH + textLength };
  return textLength <= VMDESC_LENGTH_MAX && rangeEnd(range) <= file.byteLength
    ? range
    : undefined;
}

function* readText(range: ByteRange): Walk<Vmdesc | undefined> {
  const text = yield {
    offset: range.offset + HEADER_LENGTH,
    length: range.length - HEADER_LENGTH,
  };
  const found = scanVmdesc(text);
  return found && { range, ...found };
}

/**
 * Returns the length of the FULL section of an idstr and instance_id, if known.
 */
export type SectionLengths = (
  idstr: string,
  instanceId: number,
) => number | undefined;

/**
 * Returns a function that gives the length of a FULL section without header and
 * footer.
 */
export function fullSectionLengths({ devices }: Vmdesc): SectionLengths {
  return (idstr, instanceId) => devices.stateLength(idstr, instanceId);
}
