import type { Walk } from "../bytes/walk.ts";
import {
  QEMU_VM_COMMAND,
  QEMU_VM_EOF,
  QEMU_VM_SECTION_END,
  QEMU_VM_SECTION_FOOTER,
  QEMU_VM_SECTION_FULL,
  QEMU_VM_SECTION_PART,
  QEMU_VM_SECTION_START,
} from "../stream/constants.ts";
import type { Section } from "../stream/migration_stream.ts";
import type { StreamReader } from "../stream/stream_reader.ts";

/** Bytes of a footer, and the types that the item after it may have. */
const FOOTER = 5;
const NEXT_TYPES: readonly number[] = [
  QEMU_VM_EOF,
  QEMU_VM_SECTION_START,
  QEMU_VM_SECTION_PART,
  QEMU_VM_SECTION_END,
  QEMU_VM_SECTION_FULL,
  QEMU_VM_COMMAND,
];

/**
 * Skips the body of a section of unknown length: up to the first bytes that are
 * its footer followed by an item. A body may contain the same bytes, so the
 * caller must compare the result with the vmdesc when that is known. Returns
 * false if no footer was found within about `lengthMax` bytes.
 */
export function* skipToFooter(
  reader: StreamReader,
  { sectionId }: Section,
  { lengthMax = Infinity }: { readonly lengthMax?: number } = {},
): Walk<boolean> {
  const start = reader.offset;
  for (;;) {
    yield* reader.fetch(FOOTER + 1);
    const bytes = reader.peekBytes(reader.available);
    const found = findFooter(bytes, sectionId);
    if (found !== undefined) {
      reader.bytes(found, "a section up to its footer");
      return true;
    }
    if (reader.offset - start > lengthMax) return false;
    // A footer may begin in the last bytes.
    const passed = Math.max(1, bytes.length - FOOTER);
    reader.bytes(passed, "a section without a footer");
  }
}

function findFooter(bytes: Uint8Array, sectionId: number): number | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let from = 0;;) {
    const at = bytes.indexOf(QEMU_VM_SECTION_FOOTER, from);
    if (at < 0 || at + FOOTER >= bytes.length) return undefined;
    const isFooter = view.getUint32(at + 1) === sectionId &&
      NEXT_TYPES.includes(bytes[at + FOOTER]);
    if (isFooter) return at;
    from = at + 1;
  }
}
