import {
  isDirtyBitmapSection,
  skipDirtyBitmapRecords,
} from "./dirty_bitmap.ts";
import type { ReadBody } from "./migration_stream.ts";
import type { StreamReader } from "./stream_reader.ts";
import { unknownSection } from "./unknown_section.ts";
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
    throw unknownSection(reader, { kind, section, offset });
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
