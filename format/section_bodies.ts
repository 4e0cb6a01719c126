import { QEMU_VM_SECTION_FOOTER } from "./constants.ts";
import { iterableSection } from "./iterable_sections.ts";
import { findLastVmdesc } from "./last_vmdesc.ts";
import type { ReadBody, Section } from "./migration_stream.ts";
import type { StreamReader } from "./stream_reader.ts";
import { unknownSection } from "./unknown_section.ts";
import {
  type AcceptVmdesc,
  findVmdesc,
  fullSectionLengths,
  type SectionLengths,
  type Vmdesc,
} from "./vmdesc.ts";
import type { Walk, WalkedFile } from "./walk.ts";

/** Bytes of a section's footer: type and section_id. */
const FOOTER = 5;

/** What the reading of bodies needs and tells. */
export interface BodyOptions {
  /** Whether the pages stand before where the reader is. */
  readonly passedPages: () => boolean;
  /** Is handed the vmdesc, if one is looked for and found. */
  readonly onVmdesc?: (vmdesc: Vmdesc) => void;
}

/**
 * Reads the bodies of sections other than RAM. The vmdesc is looked for once, at
 * the first FULL section.
 */
export function readOtherBodies(
  reader: StreamReader,
  file: WalkedFile,
  { passedPages, onVmdesc }: BodyOptions,
): ReadBody {
  let lengths: SectionLengths | undefined;
  return function* (kind, section, offset) {
    if (kind !== "full") {
      const known = iterableSection(section);
      if (known !== undefined) return yield* known.skipBody(reader, kind);
    } else {
      if (lengths === undefined) {
        const vmdesc = yield* findFitting(file, section, {
          reader,
          isForward: passedPages(),
        });
        if (vmdesc !== undefined) onVmdesc?.(vmdesc);
        lengths = vmdesc ? fullSectionLengths(vmdesc) : () => undefined;
      }
      const length = lengths(section.idstr, section.instanceId);
      if (length !== undefined) {
        return yield* reader.skip(length, "a section, as the vmdesc says");
      }
    }
    throw unknownSection(reader, { kind, section, offset });
  };
}

/**
 * Finds the vmdesc by which the section whose body comes next has its footer where
 * that must be: first from the end of the file, where it nearly always is, then
 * forward, as far as no pages stand there. They may be many, and they are the
 * guest's. Where none fits, the first that tells a length tells what is wrong.
 */
function* findFitting(
  file: WalkedFile,
  section: Section,
  { reader, isForward }: {
    readonly reader: StreamReader;
    readonly isForward: boolean;
  },
): Walk<Vmdesc | undefined> {
  let other: Vmdesc | undefined;
  const accepts: AcceptVmdesc = function* (vmdesc) {
    const { idstr, instanceId, sectionId } = section;
    const length = vmdesc.devices.stateLength(idstr, instanceId);
    if (length === undefined) return false;
    other ??= vmdesc;
    const footer = yield* peekFooter(reader, length);
    return footer?.getUint8(0) === QEMU_VM_SECTION_FOOTER &&
      footer.getUint32(1) === sectionId;
  };
  const { offset } = reader;
  const last = yield* findLastVmdesc(file, offset, accepts);
  if (last !== undefined || !isForward) return last ?? other;
  return (yield* findVmdesc(file, offset, accepts)) ?? other;
}

/** What stands where a section of that length has its footer. */
function* peekFooter(
  reader: StreamReader,
  length: number,
): Walk<DataView | undefined> {
  const end = length + FOOTER;
  if (reader.offset + end > reader.fileLength) return undefined;
  const bytes = end <= reader.available
    ? reader.peekBytes(end).subarray(length)
    : yield { offset: reader.offset + length, length: FOOTER };
  return new DataView(bytes.buffer, bytes.byteOffset, FOOTER);
}
