/**
 * The walk over the stream after RAM's END: device sections, EOF, vmdesc.
 *
 * @module
 */

import { rangeEnd } from "../bytes/byte_range.ts";
import type { Walk, WalkedFile } from "../bytes/walk.ts";
import { isDirtyBitmapSection } from "../dirty_bitmaps/dirty_bitmap.ts";
import { readRamBody } from "../ram/ram_body.ts";
import { secondRamSection } from "../ram/ram_section.ts";
import { UnsupportedError } from "../rules/errors.ts";
import { OtherBodies } from "../sections/section_bodies.ts";
import { RAM_SECTION_IDSTR } from "../stream/constants.ts";
import {
  type ReadBody,
  readItem,
  type StreamItem,
} from "../stream/migration_stream.ts";
import {
  StreamReader,
  type StreamReaderOptions,
} from "../stream/stream_reader.ts";
import { readVmdesc, type Vmdesc } from "../vmdesc/vmdesc.ts";
import type { SnapshotIndex } from "./snapshot_index.ts";

/** The stream after RAM's END. */
export interface DeviceState {
  /** The FULL sections, one per device, in the order of the file. */
  readonly sections: readonly StreamItem[];
  /** The parts of the section of block dirty bitmaps. */
  readonly dirtyBitmaps: readonly StreamItem[];
  /** The parts of other iterable sections. */
  readonly parts: readonly StreamItem[];
  /** The vmdesc, if one follows the EOF item. */
  readonly vmdesc?: Vmdesc;
  /** Position of the EOF item; undefined if it could not be found. */
  readonly eofOffset?: number;
  /** Position after the last byte of the stream; a trailer starts there. */
  readonly end: number;
}

/** Walks from RAM's END to the end of the stream. */
export function* walkDeviceState(
  file: WalkedFile,
  index: Pick<SnapshotIndex, "ramEnd" | "ramSection" | "started" | "layout">,
  options?: StreamReaderOptions,
): Walk<DeviceState> {
  const reader = new StreamReader(file, index.ramEnd, options);
  const bodies = new OtherBodies(reader, file, { passedPages: () => true });
  const readBody: ReadBody = function* (kind, section, offset) {
    if (kind === "full" || section.idstr !== RAM_SECTION_IDSTR) {
      yield* bodies.read(kind, section, offset);
    } else if (kind === "start") {
      throw secondRamSection(reader, section, index.ramSection, offset);
    } else {
      yield* readRamBody(reader, index.layout);
    }
  };
  const started = new Map(index.started);
  const sections: StreamItem[] = [];
  const dirtyBitmaps: StreamItem[] = [];
  const parts: StreamItem[] = [];
  const found = { sections, dirtyBitmaps, parts };
  for (;;) {
    const { offset } = reader;
    let item: StreamItem;
    try {
      item = yield* readItem(reader, started, readBody);
    } catch (error) {
      // Without a vmdesc the end of a device's state is unknown.
      if (!(error instanceof UnsupportedError)) throw error;
      if (error.rule !== "section-known") throw error;
      reportNoVmdesc(reader, offset);
      return { ...found, end: file.byteLength };
    }
    if (item.kind === "full") sections.push(item);
    else if ("section" in item && item.section !== index.ramSection) {
      const isBitmap = isDirtyBitmapSection(item.section);
      (isBitmap ? dirtyBitmaps : parts).push(item);
    }
    if (item.kind === "end-of-file") {
      reader.report(reader.formatError("eof-present", {
        offset,
        found: "the end of the file",
        expected: "the EOF item",
      }));
      return { ...found, end: offset };
    }
    if (item.kind === "eof") {
      return yield* readEnd(reader, file, item, {
        found,
        foundVmdesc: bodies.vmdesc,
      });
    }
  }
}

function* readEnd(
  reader: StreamReader,
  file: WalkedFile,
  eof: StreamItem,
  { found, foundVmdesc }: {
    readonly found: Pick<DeviceState, "sections" | "dirtyBitmaps" | "parts">;
    /** The vmdesc that was found while reading sections. */
    readonly foundVmdesc: Vmdesc | undefined;
  },
): Walk<DeviceState> {
  const eofOffset = eof.range.offset;
  const vmdesc = foundVmdesc?.range.offset === eofOffset + 1
    ? foundVmdesc
    : yield* readVmdesc(file, eofOffset + 1);
  if (vmdesc !== undefined) {
    return { ...found, vmdesc, eofOffset, end: rangeEnd(vmdesc.range) };
  }
  reportNoVmdesc(reader, eofOffset + 1);
  return { ...found, eofOffset, end: eofOffset + 1 };
}

function reportNoVmdesc(reader: StreamReader, offset: number): void {
  reader.report(reader.formatError("vmdesc-present", {
    offset,
    found: "no vmdesc",
    expected: "a JSON description of the device state",
  }));
}
