import { hex } from "../../format/rules/mod.ts";
import type { ByteSource, ReadOptions } from "../sources/mod.ts";
import { AddressSpace, type PlacedRange } from "./address_space.ts";
import { type Architecture, ARCHITECTURES } from "./architecture.ts";
import { checkOverlaps } from "./check_overlaps.ts";
import { ELF_SIZES, type ElfKind, PT_LOAD, PT_NOTE } from "./elf_layout.ts";
import {
  badElfCore,
  type ElfHeader,
  readElfHeader,
  readElfPart,
} from "./read_elf_header.ts";

/**
 * Maximum bytes of program headers that are read: 64 Ki segments and some more.
 */
const HEADERS_MAX = 0x1000000;

/** A segment with memory. */
interface LoadSegment {
  readonly position: number;
  readonly fileLength: number;
  readonly memoryLength: number;
  /** Its physical address; undefined if it has none. */
  readonly address: number | undefined;
}

/**
 * Opens the guest-physical memory in an ELF core, as written by QEMU's
 * `dump-guest-memory`: 32 or 64 bits, of either byte order. A segment has its
 * full length in memory: bytes that are not in the file are zero. Segments
 * without a physical address, as in `/proc/kcore`, are skipped and listed.
 *
 * @throws {SourceError} if it is not such a file, if it is truncated, or if two
 * segments differ at the same address
 *
 * @example
 * ```ts
 * import { openFileSource } from "../../mod.ts";
 * import { openElfCore } from "../doors/convert.ts";
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
  const header = await readElfHeader(source, options);
  const { segments, hasNotes } = await readSegments(source, header, options);
  const placed = segments.filter(hasAddress);
  const unplaced = segments.filter((it) => !hasAddress(it));
  if (placed.length === 0) {
    throw badElfCore(
      source,
      unplaced.length === 0
        ? "it has no segment with memory"
        : `none of its ${unplaced.length} segments has a physical address`,
      "a core of a machine's memory",
    );
  }
  const ranges = placed.flatMap((it) => rangesOf(source, it));
  const memory = new AddressSpace(source, ranges, {
    architecture: architectureOf(header),
    hasNotes,
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
): Promise<{ readonly segments: LoadSegment[]; readonly hasNotes: boolean }> {
  const { headerCount: count, headerLength, headersPosition } = header;
  const { bits, byteOrder } = header;
  const least = ELF_SIZES[bits].programHeader;
  const length = count * headerLength;
  if (headerLength < least || length > HEADERS_MAX) {
    throw badElfCore(
      source,
      `${count} program headers of ${headerLength} bytes`,
      `of ${least} bytes and at most ${HEADERS_MAX} in all`,
    );
  }
  const headers = await readElfPart(source, headersPosition, length, options);
  const little = byteOrder === "little";
  const segments: LoadSegment[] = [];
  let hasNotes = false;
  for (let start = 0; start < length; start += headerLength) {
    const type = headers.getUint32(start, little);
    const word = (index: number) =>
      bits === 64
        ? headers.getBigUint64(start + 8 * index, little)
        : BigInt(headers.getUint32(start + 4 * index, little));
    hasNotes ||= type === PT_NOTE && word(4) > 0n;
    if (type !== PT_LOAD) continue;
    // Offset, virtual address, physical address, bytes in the file, in memory.
    const address = word(3);
    const isNone = address === 2n ** BigInt(bits) - 1n;
    const position = Number(word(1));
    const fileLength = Number(word(4));
    const memoryLength = Number(word(5));
    if (fileLength > memoryLength) {
      throw badElfCore(
        source,
        `a segment at byte ${hex(position)} with ${fileLength} bytes in the ` +
          `file and ${memoryLength} in memory`,
        "at least as many in memory",
      );
    }
    if (memoryLength === 0) continue;
    segments.push({
      position,
      address: isNone ? undefined : Number(address),
      fileLength,
      memoryLength,
    });
  }
  return { segments, hasNotes };
}

function hasAddress(
  segment: LoadSegment,
): segment is LoadSegment & { readonly address: number } {
  return segment.address !== undefined;
}

/**
 * Returns the bytes of a segment that are in the file, and those that are zero.
 */
function rangesOf(
  source: ByteSource,
  { position, address, fileLength, memoryLength }: LoadSegment & {
    readonly address: number;
  },
): PlacedRange[] {
  if (!Number.isSafeInteger(address + memoryLength)) {
    throw badElfCore(
      source,
      `a segment of ${memoryLength} bytes at the physical address ` +
        hex(address),
      "one that ends below 2^53",
    );
  }
  if (!(position + fileLength <= source.byteLength)) {
    throw badElfCore(
      source,
      `a segment of ${fileLength} bytes at byte ${hex(position)}`,
      `one inside its ${source.byteLength} bytes`,
    );
  }
  return [
    { address, length: fileLength, position },
    {
      address: address + fileLength,
      length: memoryLength - fileLength,
      position: undefined,
    },
  ].filter((it) => it.length > 0);
}

/** Returns the architecture named by a header; undefined if it names none. */
function architectureOf(
  { machine, bits, byteOrder }: ElfKind,
): Architecture | undefined {
  if (machine === 0) return undefined;
  const candidates = ARCHITECTURES.filter((it) =>
    it.machine === machine && it.byteOrder === byteOrder
  );
  return candidates.find((it) => it.bits === bits) ?? candidates[0] ??
    { name: `e_machine ${machine}`, machine, bits, byteOrder };
}
