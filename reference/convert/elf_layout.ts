/**
 * What ELF core files are made of: the numbers of the ELF specification and of
 * the x86-64 ABI that converters need.
 *
 * @module
 */

/** The first four bytes, as a big-endian number. */
export const ELF_MAGIC = 0x7f454c46;
export const ELF_CLASS_32 = 1;
export const ELF_CLASS_64 = 2;
export const ELF_DATA_LITTLE = 1;
export const ELF_VERSION = 1;
export const ELF_TYPE_CORE = 4;
export const ELF_MACHINE_X86_64 = 62;
export const ELF_HEADER_LENGTH = 64;
export const ELF_PROGRAM_HEADER_LENGTH = 56;
/** With so many segments or more, the count stands elsewhere. */
export const ELF_SEGMENTS_MAX = 0xffff;
export const PT_LOAD = 1;
export const PT_NOTE = 4;
/** The note of a thread's registers. */
export const NT_PRSTATUS = 1;

/** A segment of an ELF file. */
export interface ElfSegment {
  readonly type: number;
  /** Where its bytes start in the file. */
  readonly position: number;
  readonly virtualAddress: number;
  readonly physicalAddress: number;
  /** Bytes in the file. */
  readonly fileLength: number;
  /** Bytes in memory: those that the file has not are zero. */
  readonly memoryLength: number;
}

/** The header of a core file of x86-64 with so many segments right behind it. */
export function encodeElfHeader(segmentCount: number): Uint8Array {
  const bytes = new Uint8Array(ELF_HEADER_LENGTH);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, ELF_MAGIC);
  bytes.set([ELF_CLASS_64, ELF_DATA_LITTLE, ELF_VERSION], 4);
  view.setUint16(16, ELF_TYPE_CORE, true);
  view.setUint16(18, ELF_MACHINE_X86_64, true);
  view.setUint32(20, ELF_VERSION, true);
  view.setBigUint64(32, BigInt(ELF_HEADER_LENGTH), true);
  view.setUint16(52, ELF_HEADER_LENGTH, true);
  view.setUint16(54, ELF_PROGRAM_HEADER_LENGTH, true);
  view.setUint16(56, segmentCount, true);
  return bytes;
}

/** A program header. */
export function encodeElfSegment(segment: ElfSegment): Uint8Array {
  const bytes = new Uint8Array(ELF_PROGRAM_HEADER_LENGTH);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, segment.type, true);
  const words = [
    segment.position,
    segment.virtualAddress,
    segment.physicalAddress,
    segment.fileLength,
    segment.memoryLength,
  ];
  for (const [index, word] of words.entries()) {
    view.setBigUint64(8 + 8 * index, BigInt(word), true);
  }
  return bytes;
}

/** A note: its name with a NUL, and what it describes, each in whole 4 bytes. */
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
