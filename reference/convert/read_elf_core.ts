import { hex } from "../../format/mod.ts";
import type { ByteSource, ReadOptions } from "../sources/byte_source.ts";
import { SourceError } from "../sources/source_error.ts";
import { AddressSpace, type PlacedRange } from "./address_space.ts";
import { type Architecture, ARCHITECTURES } from "./architecture.ts";
import { checkOverlaps } from "./check_overlaps.ts";
import {
  ELF_CLASS_32,
  ELF_CLASS_64,
  ELF_DATA_BIG,
  ELF_DATA_LITTLE,
  ELF_MAGIC,
  ELF_SEGMENTS_MAX,
  ELF_SIZES,
  ELF_TYPE_CORE,
  type ElfKind,
  PT_LOAD,
} from "./elf_layout.ts";

/** Most bytes of program headers that are read: 64 Ki segments and some more. */
const HEADERS_MAX = 0x1000000;

/** What the header of an ELF file says. */
interface ElfHeader extends ElfKind {
  readonly headersPosition: number;
  readonly sectionsPosition: number;
  readonly headerLength: number;
  readonly headerCount: number;
}

/** A segment that is memory. */
interface LoadSegment {
  readonly position: number;
  readonly fileLength: number;
  readonly memoryLength: number;
  /** Its physical address; undefined where it has none. */
  readonly address: number | undefined;
}

/**
 * The guest-physical memory in an ELF core, such as QEMU's `dump-guest-memory`
 * writes: 32 or 64 bits, of either byte order. A segment has the bytes that it
 * has in memory: those that the file does not hold are zero. Segments without a
 * physical address, as in `/proc/kcore`, are passed over and listed.
 *
 * @throws {SourceError} if it is no such file, if not all of it is there, or if
 * two segments have other bytes at the same address
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
  const header = await readHeader(source, options);
  const segments = await readSegments(source, header, options);
  const placed = segments.filter(hasAddress);
  const unplaced = segments.filter((it) => !hasAddress(it));
  if (placed.length === 0 && unplaced.length > 0) {
    throw bad(
      source,
      `none of its ${unplaced.length} segments has a physical address`,
      "a core of a machine's memory",
    );
  }
  const ranges = placed.flatMap((it) => rangesOf(source, it));
  const memory = new AddressSpace(source, ranges, {
    architecture: architectureOf(header),
    unplaced: unplaced.map(({ position, fileLength }) => ({
      offset: position,
      length: fileLength,
    })),
  });
  await checkOverlaps(source, ranges, memory, options);
  return memory;
}

async function readSegments(
  source: ByteSource,
  header: ElfHeader,
  options?: ReadOptions,
): Promise<LoadSegment[]> {
  const { headerCount, headerLength, headersPosition, bits, byteOrder } =
    header;
  const count = headerCount < ELF_SEGMENTS_MAX
    ? headerCount
    : await countInSection(source, header, options);
  const least = ELF_SIZES[bits].programHeader;
  const length = count * headerLength;
  if (headerLength < least || length > HEADERS_MAX) {
    throw bad(
      source,
      `${count} program headers of ${headerLength} bytes`,
      `of ${least} bytes and at most ${HEADERS_MAX} in all`,
    );
  }
  const headers = await read(source, headersPosition, length, options);
  const little = byteOrder === "little";
  const segments: LoadSegment[] = [];
  for (let start = 0; start < length; start += headerLength) {
    if (headers.getUint32(start, little) !== PT_LOAD) continue;
    const word = (index: number) =>
      bits === 64
        ? headers.getBigUint64(start + 8 * index, little)
        : BigInt(headers.getUint32(start + 4 * index, little));
    // Offset, virtual address, physical address, bytes in the file, in memory.
    const address = word(3);
    const isNone = address === 2n ** BigInt(bits) - 1n;
    const memoryLength = Number(word(5));
    if (memoryLength === 0) continue;
    segments.push({
      position: Number(word(1)),
      address: isNone ? undefined : Number(address),
      fileLength: Number(word(4)),
      memoryLength,
    });
  }
  return segments;
}

function hasAddress(
  segment: LoadSegment,
): segment is LoadSegment & { readonly address: number } {
  return segment.address !== undefined;
}

/** The bytes of a segment that are in the file, and those that are zero. */
function rangesOf(
  source: ByteSource,
  { position, address, fileLength, memoryLength }: LoadSegment & {
    readonly address: number;
  },
): PlacedRange[] {
  if (!Number.isSafeInteger(address + memoryLength)) {
    throw bad(
      source,
      `a segment of ${memoryLength} bytes at the physical address ` +
        hex(address),
      "one that ends below 2^53",
    );
  }
  const length = Math.min(fileLength, memoryLength);
  if (!(position + length <= source.byteLength)) {
    throw bad(
      source,
      `a segment of ${length} bytes at byte ${hex(position)}`,
      `one inside its ${source.byteLength} bytes`,
    );
  }
  return [
    { address, length, position },
    {
      address: address + length,
      length: memoryLength - length,
      position: undefined,
    },
  ].filter((it) => it.length > 0);
}

/** The architecture that a header names; undefined where it names none. */
function architectureOf(
  { machine, bits, byteOrder }: ElfKind,
): Architecture | undefined {
  if (machine === 0) return undefined;
  const known = ARCHITECTURES.filter((it) =>
    it.machine === machine && it.byteOrder === byteOrder
  );
  return known.find((it) => it.bits === bits) ?? known[0] ??
    { name: `e_machine ${machine}`, machine, bits, byteOrder };
}

async function readHeader(
  source: ByteSource,
  options?: ReadOptions,
): Promise<ElfHeader> {
  const length = Math.min(source.byteLength, ELF_SIZES[64].header);
  const view = await read(source, 0, length, options);
  const ident = length >= ELF_SIZES[32].header ? view.getUint32(0) : 0;
  const elfClass = ident === ELF_MAGIC ? view.getUint8(4) : 0;
  const isWide = elfClass === ELF_CLASS_64 && length === ELF_SIZES[64].header;
  const data = isWide || elfClass === ELF_CLASS_32 ? view.getUint8(5) : 0;
  const little = data === ELF_DATA_LITTLE;
  const isKnown = (little || data === ELF_DATA_BIG) &&
    view.getUint16(16, little) === ELF_TYPE_CORE;
  if (!isKnown) throw bad(source, "another header", "one of an ELF core");
  const common = {
    machine: view.getUint16(18, little),
    byteOrder: little ? "little" : "big",
  } as const;
  return isWide
    ? {
      ...common,
      bits: 64,
      headersPosition: Number(view.getBigUint64(32, little)),
      sectionsPosition: Number(view.getBigUint64(40, little)),
      headerLength: view.getUint16(54, little),
      headerCount: view.getUint16(56, little),
    }
    : {
      ...common,
      bits: 32,
      headersPosition: view.getUint32(28, little),
      sectionsPosition: view.getUint32(32, little),
      headerLength: view.getUint16(42, little),
      headerCount: view.getUint16(44, little),
    };
}

/** With many segments, their number is in the first section header. */
async function countInSection(
  source: ByteSource,
  { bits, byteOrder, sectionsPosition }: ElfHeader,
  options?: ReadOptions,
): Promise<number> {
  const length = ELF_SIZES[bits].sectionHeader;
  const view = await read(source, sectionsPosition, length, options);
  return view.getUint32(bits === 64 ? 44 : 28, byteOrder === "little");
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
