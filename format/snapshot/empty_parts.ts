/**
 * PARTs without content: tens of thousands of them are common, and all are the
 * same few bytes.
 *
 * @module
 */

import { ByteWriter } from "../bytes/byte_writer.ts";
import type { RamLayout } from "../ram/fixed_ram_header.ts";
import { iterableSection } from "../sections/iterable_sections.ts";
import {
  QEMU_VM_SECTION_PART,
  RAM_SAVE_FLAG_EOS,
  RAM_SECTION_IDSTR,
} from "../stream/constants.ts";
import {
  type Section,
  writeSectionFooter,
} from "../stream/migration_stream.ts";
import type { StreamReader } from "../stream/stream_reader.ts";

const EOS = [...new ByteWriter().be64(RAM_SAVE_FLAG_EOS).finish()];

/** A PART without content, byte for byte. */
export interface EmptyPart {
  /** The section that it belongs to. */
  readonly section: Section;
  /** From type byte to footer. */
  readonly bytes: Uint8Array;
}

/** Returns the known empty PARTs of a section. */
export function emptyPartsOf(
  section: Section,
  layout: RamLayout,
): EmptyPart[] {
  const bodies = section.idstr === RAM_SECTION_IDSTR
    ? [layout === "fixed-ram-inline" ? [] : EOS]
    : iterableSection(section)?.emptyBodies ?? [];
  return bodies.map((body) => {
    const writer = new ByteWriter();
    writer.u8(QEMU_VM_SECTION_PART).be32(section.sectionId);
    writer.bytes(Uint8Array.from(body));
    writeSectionFooter(writer, section);
    return { section, bytes: writer.finish() };
  });
}

/** Skips the empty PARTs that come next, as far as they are available. */
export function skipEmptyParts(
  reader: StreamReader,
  parts: readonly EmptyPart[],
  visit: (part: EmptyPart, offset: number) => void,
): void {
  const bytes = reader.peekBytes(reader.available);
  const start = reader.offset;
  let at = 0;
  for (;;) {
    const part = parts.find((it) => startsWith(bytes, at, it.bytes));
    if (part === undefined) break;
    visit(part, start + at);
    at += part.bytes.length;
  }
  if (at > 0) reader.bytes(at, "empty PARTs");
}

/**
 * Whether `part` is at `at`. Past the end of `bytes` an index is undefined,
 * which equals no byte.
 */
function startsWith(bytes: Uint8Array, at: number, part: Uint8Array): boolean {
  for (let index = 0; index < part.length; index++) {
    if (bytes[at + index] !== part[index]) return false;
  }
  return true;
}
