import type { UnsupportedError } from "../rules/errors.ts";
import { RAM_SECTION_IDSTR } from "../stream/constants.ts";
import type { Section, SectionPart } from "../stream/migration_stream.ts";
import type { StreamReader } from "../stream/stream_reader.ts";
import { ITERABLE_SECTION_NAMES } from "./iterable_sections.ts";

/** Makes the error for a section whose part at `offset` has an unknown end. */
export function unknownSection(
  reader: StreamReader,
  { kind, section, offset }: {
    readonly kind: SectionPart;
    readonly section: Section;
    readonly offset: number;
  },
): UnsupportedError {
  const { idstr, versionId } = section;
  const name = `${JSON.stringify(idstr)} of version ${versionId}`;
  return reader.unsupportedError("section-known", {
    feature: `section ${name}`,
    offset,
    found: `section ${name}, whose end cannot be found`,
    expected: kind === "full"
      ? "a vmdesc that gives its length"
      : `one of ${RAM_SECTION_IDSTR}, ${ITERABLE_SECTION_NAMES}`,
  });
}
