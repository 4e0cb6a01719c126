/**
 * The structure around RAM and devices (SPEC 3.2 to 3.5): magic and version,
 * then items: sections, commands, and the EOF item.
 *
 * @module
 */

import type { ByteRange } from "../bytes/byte_range.ts";
import type { ByteWriter } from "../bytes/byte_writer.ts";
import type { Walk } from "../bytes/walk.ts";
import { hex } from "../rules/errors.ts";
import { skipCommand } from "./command.ts";
import {
  NAME_LENGTH_MAX,
  QEMU_VM_COMMAND,
  QEMU_VM_EOF,
  QEMU_VM_FILE_MAGIC,
  QEMU_VM_FILE_VERSION,
  QEMU_VM_SECTION_END,
  QEMU_VM_SECTION_FOOTER,
  QEMU_VM_SECTION_FULL,
  QEMU_VM_SECTION_PART,
  QEMU_VM_SECTION_START,
} from "./constants.ts";
import type { StreamReader } from "./stream_reader.ts";

/** Identifies a section. */
export interface Section {
  /** A number chosen by the saving machine; it differs from file to file. */
  readonly sectionId: number;
  /** Name of the handler: `ram`, or a device's. */
  readonly idstr: string;
  /** Distinguishes handlers of the same name. */
  readonly instanceId: number;
  /** Version of the section's body. */
  readonly versionId: number;
}

/** Which part of a section an item is. */
export type SectionPart = "start" | "part" | "end" | "full";

/** One item of a stream. */
export type StreamItem =
  & {
    /** Its range in the file, footer included. */
    readonly range: ByteRange;
  }
  & (
    | { readonly kind: SectionPart; readonly section: Section }
    | { readonly kind: "command"; readonly command: number }
    | { readonly kind: "eof" }
    | { readonly kind: "end-of-file" }
  );

/** Skips the body of a section whose item type byte is at `offset`. */
export type ReadBody = (
  kind: SectionPart,
  section: Section,
  offset: number,
) => Walk<void>;

const SECTION_PARTS = new Map<number, SectionPart>([
  [QEMU_VM_SECTION_START, "start"],
  [QEMU_VM_SECTION_PART, "part"],
  [QEMU_VM_SECTION_END, "end"],
  [QEMU_VM_SECTION_FULL, "full"],
]);

/**
 * Maximum length of an item's header: type, section_id, idstr, instance_id,
 * version_id.
 */
const ITEM_HEAD_MAX = 1 + 4 + 1 + NAME_LENGTH_MAX + 4 + 4;

/** Reads magic and version. */
export function* readStreamHeader(reader: StreamReader): Walk<void> {
  yield* reader.fetch(8);
  const magicOffset = reader.offset;
  const magic = reader.be32("the magic");
  if (magic !== QEMU_VM_FILE_MAGIC) {
    throw reader.formatError("stream-magic", {
      offset: magicOffset,
      found: `the magic is ${hex(magic)}`,
      expected: `${hex(QEMU_VM_FILE_MAGIC)} ("QEVM")`,
    });
  }
  const versionOffset = reader.offset;
  const version = reader.be32("the stream version");
  if (version !== QEMU_VM_FILE_VERSION) {
    const violation = {
      offset: versionOffset,
      found: `the stream has version ${version}`,
      expected: `version ${QEMU_VM_FILE_VERSION}`,
    };
    if (version < QEMU_VM_FILE_VERSION) {
      throw reader.formatError("stream-version", violation);
    }
    const feature = `stream version ${version}`;
    throw reader.unsupportedError("stream-version", { ...violation, feature });
  }
}

/** Writes magic and version. */
export function writeStreamHeader(writer: ByteWriter): void {
  writer.be32(QEMU_VM_FILE_MAGIC).be32(QEMU_VM_FILE_VERSION);
}

/** The sections announced by STARTs so far, by section_id. */
export type StartedSections = Map<number, Section>;

/**
 * Reads one item; `readBody` reads its body. At the end of the file it returns
 * an item of kind `end-of-file`.
 */
export function* readItem(
  reader: StreamReader,
  started: StartedSections,
  readBody: ReadBody,
): Walk<StreamItem> {
  yield* reader.fetch(ITEM_HEAD_MAX);
  const { offset } = reader;
  if (reader.peek() === undefined) {
    return { kind: "end-of-file", range: { offset, length: 0 } };
  }
  const type = reader.u8("the item type");
  if (type === QEMU_VM_EOF) {
    return { kind: "eof", range: { offset, length: 1 } };
  }
  if (type === QEMU_VM_COMMAND) {
    const command = yield* skipCommand(reader);
    return { kind: "command", command, range: rangeFrom(offset, reader) };
  }
  const kind = SECTION_PARTS.get(type);
  if (kind === undefined) {
    throw reader.formatError("item-type", {
      offset,
      found: `an item of type ${hex(type)}`,
      expected: "a section (1 to 4), a command (8) or EOF (0)",
    });
  }
  const section = readSection(reader, kind, started);
  yield* readBody(kind, section, offset);
  yield* readFooter(reader, section);
  return { kind, section, range: rangeFrom(offset, reader) };
}

function rangeFrom(offset: number, reader: StreamReader): ByteRange {
  return { offset, length: reader.offset - offset };
}

function readSection(
  reader: StreamReader,
  kind: SectionPart,
  started: StartedSections,
): Section {
  const { offset } = reader;
  const sectionId = reader.be32("section_id");
  const existing = started.get(sectionId);
  if (kind === "part" || kind === "end") {
    if (existing !== undefined) return existing;
    throw reader.formatError("section-id", {
      offset,
      found: `a ${kind.toUpperCase()} of section ${sectionId}`,
      expected: "the section_id of a START before it",
    });
  }
  const section: Section = {
    sectionId,
    idstr: reader.countedString("the idstr of a section"),
    instanceId: reader.be32("instance_id"),
    versionId: reader.be32("version_id"),
  };
  if (kind === "start") {
    if (existing !== undefined) {
      throw reader.formatError("section-id", {
        offset,
        found: `a second START of section ${sectionId}`,
        expected: "a unique section_id",
      });
    }
    started.set(sectionId, section);
  }
  return section;
}

function* readFooter(reader: StreamReader, section: Section): Walk<void> {
  yield* reader.fetch(5);
  const { offset } = reader;
  const type = reader.u8("the section footer");
  const sectionId = type === QEMU_VM_SECTION_FOOTER
    ? reader.be32("the section_id in the footer")
    : undefined;
  if (sectionId !== section.sectionId) {
    throw reader.formatError("section-footer", {
      offset,
      found: sectionId === undefined
        ? `the byte ${hex(type)}`
        : `a footer of section ${sectionId}`,
      expected: `the footer of section ${section.sectionId} ` +
        JSON.stringify(section.idstr),
    });
  }
}

/** Writes the head of a START or FULL section. */
export function writeSectionHead(
  writer: ByteWriter,
  section: Section & {
    readonly type: typeof QEMU_VM_SECTION_START | typeof QEMU_VM_SECTION_FULL;
  },
): void {
  writer.u8(section.type).be32(section.sectionId).countedString(section.idstr)
    .be32(section.instanceId).be32(section.versionId);
}

/** Writes the footer of a section. */
export function writeSectionFooter(
  writer: ByteWriter,
  section: Section,
): void {
  writer.u8(QEMU_VM_SECTION_FOOTER).be32(section.sectionId);
}
