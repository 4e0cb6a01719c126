/**
 * The END of a RAM section (SPEC 4.11), and the error of a stream without it.
 *
 * @module
 */

import { ByteWriter } from "../bytes/byte_writer.ts";
import type { FormatError } from "../rules/errors.ts";
import type { RuleSlug } from "../rules/rules.ts";
import { QEMU_VM_SECTION_END, RAM_SAVE_FLAG_EOS } from "../stream/constants.ts";
import {
  type Section,
  type StreamItem,
  writeSectionFooter,
} from "../stream/migration_stream.ts";
import type { StreamReader } from "../stream/stream_reader.ts";
import type { RamLayout } from "./fixed_ram_header.ts";
import { noRamSection } from "./ram_section.ts";

/** Encodes the END of a RAM section without records, footer included. */
export function encodeRamEnd(
  section: Section,
  layout: RamLayout = "mapped-ram",
): Uint8Array {
  const writer = new ByteWriter();
  writer.u8(QEMU_VM_SECTION_END).be32(section.sectionId);
  if (layout !== "fixed-ram-inline") writer.be64(RAM_SAVE_FLAG_EOS);
  writeSectionFooter(writer, section);
  return writer.finish();
}

/** Returns the error of a stream whose last item comes before the END of RAM. */
export function unfinishedRam(
  reader: StreamReader,
  last: StreamItem,
  options: {
    readonly ramSection: Section | undefined;
    /** The kind of input: a file, or a stream that may come from a socket. */
    readonly what: "file" | "stream";
    readonly rule: RuleSlug;
    readonly expected: string;
  },
): FormatError {
  const { ramSection, what, rule, expected } = options;
  const { offset } = last.range;
  const found = last.kind === "eof" ? "the EOF item" : `the end of the ${what}`;
  if (ramSection === undefined) return noRamSection(reader, { offset, found });
  return reader.formatError(rule, {
    offset,
    found: `${found}: the save was not finished`,
    expected,
  });
}
