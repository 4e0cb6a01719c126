/**
 * The JSON description of the device state behind the EOF item (SPEC 3.10). It
 * alone tells how long a FULL section is: no item of a stream has a length.
 *
 * @module
 */

import { type ByteRange, rangeEnd } from "./byte_range.ts";
import {
  QEMU_VM_EOF,
  QEMU_VM_VMDESCRIPTION,
  VMDESC_LENGTH_MAX,
} from "./constants.ts";
import type { Walk, WalkedFile } from "./walk.ts";

/** A vmdesc that was found. */
export interface Vmdesc {
  /** Where it stands: type byte, be32 length and text. */
  readonly range: ByteRange;
  /** The parsed JSON. Nothing in it is to be trusted. */
  readonly value: { readonly devices: readonly unknown[] };
}

/** Bytes of an item before its text: type and be32 length. */
const HEADER_LENGTH = 5;
const OPENING_BRACE = 0x7b;
const CLOSING_BRACE = 0x7d;
const WINDOW = 0x40000;
/** How far behind `from` a vmdesc is looked for. */
const SEARCH_MAX = 0x10000000;
/** How many texts that looked like a vmdesc are tried before giving up. */
const TRIES_MAX = 8;
const DEPTH_MAX = 32;

/** Reads the vmdesc whose type byte stands at `offset`, if there is one. */
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

/** Finds the vmdesc behind `from`: an EOF item, type, length and a JSON text. */
export function* findVmdesc(
  file: WalkedFile,
  from: number,
): Walk<Vmdesc | undefined> {
  const overlap = 1 + HEADER_LENGTH + 1;
  const searchEnd = Math.min(file.byteLength, from + SEARCH_MAX);
  let tries = 0;
  for (let start = from; start + overlap < searchEnd;) {
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
      if (vmdesc !== undefined || ++tries === TRIES_MAX) return vmdesc;
    }
    start += Math.max(1, length - overlap);
  }
  return undefined;
}

/** The range of a vmdesc whose text has that length; undefined if it cannot be. */
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
  const value = parseVmdesc(
    yield {
      offset: range.offset + HEADER_LENGTH,
      length: range.length - HEADER_LENGTH,
    },
  );
  return value && { range, value };
}

function parseVmdesc(text: Uint8Array): Vmdesc["value"] | undefined {
  if (text.at(-1) !== CLOSING_BRACE) return undefined;
  try {
    const value: unknown = JSON.parse(
      new TextDecoder("utf-8", { fatal: true }).decode(text),
    );
    const devices = member(value, "devices");
    return Array.isArray(devices) ? { ...value as object, devices } : undefined;
  } catch {
    return undefined;
  }
}

/** Tells how long the FULL section of an idstr and instance_id is, if it can. */
export type SectionLengths = (
  idstr: string,
  instanceId: number,
) => number | undefined;

/**
 * Bytes of FULL sections between their headers and their footers, as `vmdesc`
 * tells. Each device is looked at once, however many sections are asked for.
 */
export function fullSectionLengths(vmdesc: Vmdesc): SectionLengths {
  const lengths = new Map<string, number | undefined>();
  for (const device of vmdesc.value.devices) {
    const name = member(device, "name");
    const instanceId = member(device, "instance_id");
    if (typeof name !== "string" || !isLength(instanceId)) continue;
    const key = `${instanceId} ${name}`;
    if (!lengths.has(key)) lengths.set(key, stateLength(device, 0));
  }
  return (idstr, instanceId) => lengths.get(`${instanceId} ${idstr}`);
}

/** Bytes of the fields and the subsections of a device or a subsection. */
function stateLength(state: unknown, depth: number): number | undefined {
  if (depth > DEPTH_MAX) return undefined;
  let length = 0;
  for (const field of arrayMember(state, "fields")) {
    const size = member(field, "size");
    const arrayLength = member(field, "array_len");
    const count = arrayLength === undefined ? 1 : arrayLength;
    if (!isLength(size) || !isLength(count)) return undefined;
    length += size * count;
  }
  for (const subsection of arrayMember(state, "subsections")) {
    const name = member(subsection, "vmsd_name");
    const inner = stateLength(subsection, depth + 1);
    if (typeof name !== "string" || inner === undefined) return undefined;
    // Type byte, counted name, be32 version, then its state.
    length += 1 + 1 + new TextEncoder().encode(name).length + 4 + inner;
  }
  const size = member(state, "size");
  if (member(state, "fields") === undefined) {
    return isLength(size) ? size : undefined;
  }
  return isLength(length) ? length : undefined;
}

function member(value: unknown, key: string): unknown {
  return typeof value === "object" && value !== null &&
      Object.hasOwn(value, key)
    ? (value as Record<string, unknown>)[key]
    : undefined;
}

function arrayMember(value: unknown, key: string): readonly unknown[] {
  const array = member(value, key);
  return Array.isArray(array) ? array : [];
}

function isLength(value: unknown): value is number {
  return Number.isSafeInteger(value) && value as number >= 0;
}
