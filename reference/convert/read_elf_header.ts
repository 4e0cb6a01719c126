import { hex } from "../../format/rules/mod.ts";
import {
  type ByteSource,
  type ReadOptions,
  SourceError,
} from "../sources/mod.ts";
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
} from "./elf_layout.ts";

/** Contents of the header of an ELF file. */
export interface ElfHeader extends ElfKind {
  readonly headersPosition: number;
  readonly sectionsPosition: number;
  readonly headerLength: number;
  readonly headerCount: number;
}

/** Reads the header of an ELF core, including its number of segments. */
export async function readElfHeader(
  source: ByteSource,
  options?: ReadOptions,
): Promise<ElfHeader> {
  const length = Math.min(source.byteLength, ELF_SIZES[64].header);
  const view = await readElfPart(source, 0, length, options);
  const ident = length >= ELF_SIZES[32].header ? view.getUint32(0) : 0;
  const elfClass = ident === ELF_MAGIC ? view.getUint8(4) : 0;
  const isWide = elfClass === ELF_CLASS_64 && length === ELF_SIZES[64].header;
  const data = isWide || elfClass === ELF_CLASS_32 ? view.getUint8(5) : 0;
  const little = data === ELF_DATA_LITTLE;
  const isKnown = (little || data === ELF_DATA_BIG) &&
    view.getUint16(16, little) === ELF_TYPE_CORE;
  if (!isKnown) {
    throw badElfCore(source, "another header", "one of an ELF core");
  }
  const common = {
    machine: view.getUint16(18, little),
    byteOrder: little ? "little" : "big",
  } as const;
  const header: ElfHeader = isWide
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
  if (header.headerCount < ELF_SEGMENTS_MAX) return header;
  const headerCount = await countInSection(source, header, options);
  return { ...header, headerCount };
}

/** With many segments, their number is in the first section header. */
async function countInSection(
  source: ByteSource,
  { bits, byteOrder, sectionsPosition }: ElfHeader,
  options?: ReadOptions,
): Promise<number> {
  const length = ELF_SIZES[bits].sectionHeader;
  const view = await readElfPart(source, sectionsPosition, length, options);
  return view.getUint32(bits === 64 ? 44 : 28, byteOrder === "little");
}

/** Reads bytes that an ELF core must have. */
export async function readElfPart(
  source: ByteSource,
  position: number,
  length: number,
  options?: ReadOptions,
): Promise<DataView> {
  if (!(position + length <= source.byteLength)) {
    throw badElfCore(
      source,
      `it ends at ${hex(source.byteLength)}`,
      `${length} bytes at ${hex(position)}`,
    );
  }
  const bytes = new Uint8Array(length);
  await source.readInto(bytes, position, options);
  return new DataView(bytes.buffer);
}

/** Creates the error for a file that is not a readable ELF core. */
export function badElfCore(
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
