import { hex } from "../../format/mod.ts";
import type { ByteSource, ReadOptions } from "../sources/byte_source.ts";
import { SourceError } from "../sources/source_error.ts";
import { AddressSpace, type PlacedRange } from "./address_space.ts";
import {
  ELF_CLASS_32,
  ELF_CLASS_64,
  ELF_DATA_LITTLE,
  ELF_HEADER_LENGTH,
  ELF_MAGIC,
  ELF_SEGMENTS_MAX,
  ELF_TYPE_CORE,
  PT_LOAD,
} from "./elf_layout.ts";

/** Most bytes of program headers that are read: 64 Ki segments and some more. */
const HEADERS_MAX = 0x1000000;
const ELF_32_HEADER_LENGTH = 52;

/** Where the fields of the two classes of ELF files stand. */
interface ElfFields {
  readonly isWide: boolean;
  readonly headersPosition: number;
  readonly sectionsPosition: number;
  readonly headerLength: number;
  readonly headerCount: number;
}

/**
 * The guest-physical memory in an ELF core, such as QEMU's `dump-guest-memory`
 * writes: 32 or 64 bits, little-endian.
 *
 * @throws {SourceError} if it is no such file, or not all of it is there
 *
 * @example
 * ```ts
 * import { openElfCore, openFileSource } from "../../mod.ts";
 *
 * async function firstBytes(path: string): Promise<Uint8Array> {
 *   using source = openFileSource(path);
 *   const memory = await openElfCore(source);
 *   const bytes = new Uint8Array(16);
 *   await memory.readInto(bytes, 0x1000);
 *   return bytes;
 * }
 * ```
 */
export async function openElfCore(
  source: ByteSource,
  options?: ReadOptions,
): Promise<AddressSpace> {
  const fields = await readHeader(source, options);
  const { headerCount, headerLength, headersPosition, isWide } = fields;
  const count = headerCount < ELF_SEGMENTS_MAX
    ? headerCount
    : await countInSection(source, fields, options);
  const least = isWide ? 56 : 32;
  const length = count * headerLength;
  if (headerLength < least || length > HEADERS_MAX) {
    throw bad(
      source,
      `${count} program headers of ${headerLength} bytes`,
      `of ${least} bytes and at most ${HEADERS_MAX} in all`,
    );
  }
  const headers = await read(source, headersPosition, length, options);
  const ranges: PlacedRange[] = [];
  for (let index = 0; index < count; index++) {
    const start = index * headerLength;
    if (headers.getUint32(start, true) !== PT_LOAD) continue;
    const word = (at: number) =>
      isWide
        ? Number(headers.getBigUint64(start + 2 * at, true))
        : headers.getUint32(start + at, true);
    // Offset, virtual address, physical address, bytes in the file.
    const range = { position: word(4), address: word(12), length: word(16) };
    if (range.length === 0) continue;
    const inside = range.position + range.length <= source.byteLength &&
      Number.isSafeInteger(range.address + range.length);
    if (!inside) {
      throw bad(
        source,
        `a segment of ${range.length} bytes at ${hex(range.position)}`,
        `one inside its ${source.byteLength} bytes`,
      );
    }
    ranges.push(range);
  }
  return new AddressSpace(source, ranges);
}

async function readHeader(
  source: ByteSource,
  options?: ReadOptions,
): Promise<ElfFields> {
  const length = Math.min(source.byteLength, ELF_HEADER_LENGTH);
  const view = await read(source, 0, length, options);
  const ident = length >= ELF_32_HEADER_LENGTH ? view.getUint32(0) : 0;
  const elfClass = ident === ELF_MAGIC ? view.getUint8(4) : 0;
  const isWide = elfClass === ELF_CLASS_64 && length === ELF_HEADER_LENGTH;
  const known = (isWide || elfClass === ELF_CLASS_32) &&
    view.getUint8(5) === ELF_DATA_LITTLE &&
    view.getUint16(16, true) === ELF_TYPE_CORE;
  if (!known) {
    throw bad(source, "another header", "a little-endian ELF core");
  }
  return isWide
    ? {
      isWide,
      headersPosition: Number(view.getBigUint64(32, true)),
      sectionsPosition: Number(view.getBigUint64(40, true)),
      headerLength: view.getUint16(54, true),
      headerCount: view.getUint16(56, true),
    }
    : {
      isWide,
      headersPosition: view.getUint32(28, true),
      sectionsPosition: view.getUint32(32, true),
      headerLength: view.getUint16(42, true),
      headerCount: view.getUint16(44, true),
    };
}

/** With many segments, their number stands in the first section header. */
async function countInSection(
  source: ByteSource,
  { isWide, sectionsPosition }: ElfFields,
  options?: ReadOptions,
): Promise<number> {
  const length = isWide ? 64 : 40;
  const view = await read(source, sectionsPosition, length, options);
  return view.getUint32(isWide ? 44 : 28, true);
}

async function read(
  source: ByteSource,
  position: number,
  length: number,
  options?: ReadOptions,
): Promise<DataView> {
  if (!(position + length <= source.byteLength)) {
    throw bad(
      source,
      `it ends at ${hex(source.byteLength)}`,
      `${length} bytes at ${hex(position)}`,
    );
  }
  const bytes = new Uint8Array(length);
  await source.readInto(bytes, position, options);
  return new DataView(bytes.buffer);
}

function bad(
  source: ByteSource,
  found: string,
  expected: string,
): SourceError {
  return new SourceError(
    source.name,
    `Cannot read ${
      JSON.stringify(source.name)
    } as an ELF core: ${found}, expected ${expected}`,
  );
}
