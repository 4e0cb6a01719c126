/**
 * Layout of ELF core files: the numbers of the ELF specification that
 * converters need, and the layout of both classes.
 *
 * @module
 */

import type { Architecture } from "./architecture.ts";

/** The first four bytes, as a big-endian number. */
export const ELF_MAGIC = 0x7f454c46;
export const ELF_CLASS_32 = 1;
export const ELF_CLASS_64 = 2;
export const ELF_DATA_LITTLE = 1;
export const ELF_DATA_BIG = 2;
const ELF_VERSION = 1;
export const ELF_TYPE_CORE = 4;
/** From this many segments on (PN_XNUM) the count is stored elsewhere. */
export const ELF_SEGMENTS_MAX = 0xffff;
export const PT_LOAD = 1;
export const PT_NOTE = 4;
/** The note with a thread's registers. */
export const NT_PRSTATUS = 1;

/** Sizes of the two classes, in bytes. */
export const ELF_SIZES = {
  32: { header: 52, programHeader: 32, sectionHeader: 40 },
  64: { header: 64, programHeader: 56, sectionHeader: 64 },
} as const;

/** Class, byte order and processor of an ELF file. */
export interface ElfKind {
  /** `e_machine`. */
  readonly machine: number;
  /** Bits of addresses and lengths in the headers. */
  readonly bits: 32 | 64;
  readonly byteOrder: "little" | "big";
}

/** A segment of an ELF file. */
export interface ElfSegment {
  readonly type: number;
  /** Where its bytes start in the file. */
  readonly position: number;
  readonly virtualAddress: number;
  readonly physicalAddress: number;
  /** Bytes in the file. */
  readonly fileLength: number;
  /** Bytes in memory: those that are not in the file are zero. */
  readonly memoryLength: number;
}

/**
 * Returns the kind of a core of a guest whose memory ends at `end`: a 32-bit
 * guest gets 64-bit headers, as in QEMU's own cores, if 32-bit ones could not
 * hold its addresses.
 */
export function coreKind(
  { machine, bits, byteOrder }: Architecture,
  end: number,
): ElfKind {
  return { machine, byteOrder, bits: end > 0xffffffff ? 64 : bits };
}

/**
 * Encodes the header of a core file, directly followed by that many segments.
 */
export function encodeElfHeader(
  { machine, bits, byteOrder }: ElfKind,
  segmentCount: number,
): Uint8Array {
  const { header, programHeader } = ELF_SIZES[bits];
  const bytes = new Uint8Array(header);
  const view = new DataView(bytes.buffer);
  const little = byteOrder === "little";
  view.setUint32(0, ELF_MAGIC);
  bytes.set([
    bits === 64 ? ELF_CLASS_64 : ELF_CLASS_32,
    little ? ELF_DATA_LITTLE : ELF_DATA_BIG,
    ELF_VERSION,
  ], 4);
  view.setUint16(16, ELF_TYPE_CORE, little);
  view.setUint16(18, machine, little);
  view.setUint32(20, ELF_VERSION, little);
  if (bits === 64) view.setBigUint64(32, BigInt(header), little);
  else view.setUint32(28, header, little);
  const sizes = bits === 64 ? 52 : 40;
  view.setUint16(sizes, header, little);
  view.setUint16(sizes + 2, programHeader, little);
  view.setUint16(sizes + 4, segmentCount, little);
  return bytes;
}

/** Encodes a program header. */
export function encodeElfSegment(
  { bits, byteOrder }: ElfKind,
  segment: ElfSegment,
): Uint8Array {
  const bytes = new Uint8Array(ELF_SIZES[bits].programHeader);
  const view = new DataView(bytes.buffer);
  const little = byteOrder === "little";
  view.setUint32(0, segment.type, little);
  const words = [
    segment.position,
    segment.virtualAddress,
    segment.physicalAddress,
    segment.fileLength,
    segment.memoryLength,
  ];
  for (const [index, word] of words.entries()) {
    if (bits === 64) {
      view.setBigUint64(8 + 8 * index, BigInt(word), little);
    } else view.setUint32(4 + 4 * index, word, little);
  }
  return bytes;
}

/**
 * Encodes a note: its name with a NUL, and its contents, each padded to 4
 * bytes.
 */
export function encodeElfNote(
  name: string,
  type: number,
  description: Uint8Array,
): Uint8Array {
  const nameLength = name.length + 1;
  const nameEnd = 12 + Math.ceil(nameLength / 4) * 4;
  const bytes = new Uint8Array(
    nameEnd + Math.ceil(description.length / 4) * 4,
  );
  const view = new DataView(bytes.buffer);
  view.setUint32(0, nameLength, true);
  view.setUint32(4, description.length, true);
  view.setUint32(8, type, true);
  bytes.set(new TextEncoder().encode(name), 12);
  bytes.set(description, nameEnd);
  return bytes;
}
