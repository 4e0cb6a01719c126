import {
  DIRTY_BITMAP_SECTION_IDSTR,
  DIRTY_BITMAP_SECTION_VERSION,
  RAM_SECTION_IDSTR,
} from "./constants.ts";
import { skipDirtyBitmapRecords } from "./dirty_bitmap.ts";
import type { ReadBody, Section } from "./migration_stream.ts";
import type { StreamReader } from "./stream_reader.ts";
import {
  findVmdesc,
  fullSectionLengths,
  type SectionLengths,
} from "./vmdesc.ts";
import type { WalkedFile } from "./walk.ts";

/**
 * Reads the bodies of sections other than RAM. The vmdesc is looked for once, at
 * the first FULL section.
 */
export function readOtherBodies(
  reader: StreamReader,
  file: WalkedFile,
): ReadBody {
  let lengths: SectionLengths | undefined;
  return function* (kind, section, offset) {
    if (kind !== "full" && isDirtyBitmapSection(section)) {
      return yield* skipDirtyBitmapRecords(reader);
    }
    if (kind === "full") {
      if (lengths === undefined) {
        const vmdesc = yield* findVmdesc(file, reader.offset);
        lengths = vmdesc ? fullSectionLengths(vmdesc) : () => undefined;
      }
      const length = lengths(section.idstr, section.instanceId);
      if (length !== undefined) return skipBody(reader, length);
    }
    const name = `${
      JSON.stringify(section.idstr)
    } of version ${section.versionId}`;
    throw reader.unsupportedError("section-known", {
      feature: `section ${name}`,
      offset,
      found: `section ${name}, whose end cannot be found`,
      expected: kind === "full"
        ? "a vmdesc that tells its length"
        : `${RAM_SECTION_IDSTR}, or ${DIRTY_BITMAP_SECTION_IDSTR} of version ` +
          DIRTY_BITMAP_SECTION_VERSION,
    });
  };
}

function skipBody(reader: StreamReader, length: number): void {
  const { offset } = reader;
  const rest = reader.fileLength - offset;
  if (length > rest) {
    throw reader.formatError("file-truncated", {
      offset,
      found: `${rest} bytes up to the end of the file`,
      expected: `${length} bytes of a section, as the vmdesc says`,
    });
  }
  reader.seek(offset + length);
}

function isDirtyBitmapSection({ idstr, versionId }: Section): boolean {
  return idstr === DIRTY_BITMAP_SECTION_IDSTR &&
    versionId === DIRTY_BITMAP_SECTION_VERSION;
}
