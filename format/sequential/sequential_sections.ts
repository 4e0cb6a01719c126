import type { Walk } from "../bytes/walk.ts";
import { iterableSection } from "../sections/iterable_sections.ts";
import { skipToFooter } from "../sections/section_footer_scan.ts";
import { unknownSection } from "../sections/section_bodies.ts";
import type { ForwardReader } from "./forward_reader.ts";
import type { Section, SectionPart } from "../stream/migration_stream.ts";
import type { SectionLengths } from "../vmdesc/vmdesc.ts";

/** How the ends of sections other than RAM are found. */
export interface SectionSkips {
  /** Lengths of FULL sections, if a vmdesc that gives them was found. */
  readonly lengths?: SectionLengths | undefined;
  /**
   * Whether to search for the footer of a FULL section of unknown length, such
   * as when the vmdesc has not arrived yet. A wrong footer may be found, so the
   * caller must check that the vmdesc agrees. Default: false.
   */
  readonly findFooters?: boolean | undefined;
}

/** Skips the body of a section other than RAM in a sequential stream. */
export function* skipSection(
  reader: ForwardReader,
  { lengths, findFooters }: SectionSkips,
  { kind, section, offset }: {
    readonly kind: SectionPart;
    readonly section: Section;
    readonly offset: number;
  },
): Walk<void> {
  const iterable = kind === "full" ? undefined : iterableSection(section);
  if (iterable !== undefined) return yield* iterable.skipBody(reader, kind);
  const length = kind === "full"
    ? lengths?.(section.idstr, section.instanceId)
    : undefined;
  if (length !== undefined) {
    return yield* reader.skip(length, "a section, as the vmdesc says");
  }
  if (kind === "full" && findFooters) {
    yield* skipToFooter(reader, section);
    return;
  }
  throw unknownSection(reader, { kind, section, offset });
}
