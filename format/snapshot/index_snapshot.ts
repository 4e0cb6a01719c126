/**
 * The walk that opens a snapshot: from the magic to the footer of RAM's END.
 *
 * @module
 */

import {
  type BitmapOrder,
  DEFAULT_BITMAP_ORDER,
} from "../bitmap/bitmap_order.ts";
import { type ByteRange, rangeEnd } from "../bytes/byte_range.ts";
import type { Walk, WalkedFile } from "../bytes/walk.ts";
import {
  hasRecords,
  isDirtyBitmapSection,
} from "../dirty_bitmaps/dirty_bitmap.ts";
import { refusePacked } from "../libvirt/libvirt_packing.ts";
import { readLibvirtSaveHeader } from "../libvirt/libvirt_save_header.ts";
import type { RamLayout } from "../ram/fixed_ram_header.ts";
import { readRamBody } from "../ram/ram_body.ts";
import { unfinishedRam } from "../ram/ram_end.ts";
import {
  checkRamVersion,
  readRamSetup,
  secondRamSection,
} from "../ram/ram_section.ts";
import type { RAMBlockHeader } from "../ram/ramblock_entry.ts";
import { OtherBodies } from "../sections/section_bodies.ts";
import { readConfiguration } from "../stream/configuration.ts";
import { RAM_SECTION_IDSTR } from "../stream/constants.ts";
import {
  type ReadBody,
  readItem,
  readStreamHeader,
  type Section,
  type StartedSections,
  type StreamItem,
} from "../stream/migration_stream.ts";
import { type Report, StreamReader } from "../stream/stream_reader.ts";
import { type EmptyPart, emptyPartsOf, skipEmptyParts } from "./empty_parts.ts";
import type { SnapshotIndex } from "./snapshot_index.ts";

/** Options of reading a stream. */
export interface IndexOptions {
  /**
   * Position of the stream in the file, in bytes. Default: after the header of
   * a libvirt save image if the file is one, else 0.
   */
  readonly offset?: number | undefined;
  /**
   * How the writing host stored its bitmaps. Default: little-endian u64 words.
   */
  readonly bitmapOrder?: BitmapOrder | undefined;
  /**
   * Receives violations of rules that do not stop the walk. Default: throws.
   */
  readonly report?: Report | undefined;
}

/** Maximum number of kinds of empty PARTs that are searched for. */
const EMPTY_PARTS_MAX = 4;

/** Walks a file up to RAM's END. */
export function* indexSnapshot(
  file: WalkedFile,
  options: IndexOptions = {},
): Walk<SnapshotIndex> {
  const { index, last, reader } = yield* walkToRamEnd(file, options);
  if (index !== undefined && last.kind === "end") return index;
  throw unfinished(reader, last, index?.ramSection);
}

/**
 * A stream whose RAM section has no END although the stream itself is complete.
 */
export interface UnfinishedRam {
  /** Its index; `ramEnd` is the position of the EOF item. */
  readonly index: SnapshotIndex;
  /** The last PART of the RAM section, if there is one. */
  readonly lastPart: StreamItem | undefined;
}

/**
 * Walks a file whose RAM section has no END up to the EOF item, which an
 * interrupted save does not have. Returns undefined if there is an END.
 */
export function* indexUnfinished(
  file: WalkedFile,
  options: IndexOptions = {},
): Walk<UnfinishedRam | undefined> {
  const { index, last, lastPart, reader } = yield* walkToRamEnd(file, options);
  if (last.kind === "end") return undefined;
  if (index === undefined || last.kind === "end-of-file") {
    throw unfinished(reader, last, index?.ramSection);
  }
  return { index, lastPart };
}

/** Walks a file up to RAM's END, or to the last item if there is no END. */
function* walkToRamEnd(
  file: WalkedFile,
  options: IndexOptions,
): Walk<{
  readonly index: SnapshotIndex | undefined;
  readonly last: StreamItem;
  readonly lastPart: StreamItem | undefined;
  readonly reader: StreamReader;
}> {
  const reader = new StreamReader(file, options.offset ?? 0, options);
  const libvirt = options.offset === undefined
    ? yield* readLibvirtSaveHeader(reader)
    : undefined;
  if (libvirt !== undefined) refusePacked(reader, libvirt);
  const streamOffset = reader.offset;
  yield* readStreamHeader(reader);
  const configuration = yield* readConfiguration(reader);
  const configurationEnd = reader.offset;
  const { wordSize } = options.bitmapOrder ?? DEFAULT_BITMAP_ORDER;

  let ramSection: Section | undefined;
  let ramSetup: ByteRange = { offset: 0, length: 0 };
  let blocks: RAMBlockHeader[] = [];
  let layout: RamLayout = "mapped-ram";
  let ramPartCount = 0;
  let lastPart: StreamItem | undefined;
  const earlySections: StreamItem[] = [];
  const earlyDirtyBitmaps: StreamItem[] = [];
  const earlyParts: StreamItem[] = [];
  const bodies = new OtherBodies(reader, file, {
    passedPages: () => ramSection !== undefined,
  });

  const readBody: ReadBody = function* (kind, section, offset) {
    if (kind === "full" || section.idstr !== RAM_SECTION_IDSTR) {
      yield* bodies.read(kind, section, offset);
    } else if (kind === "start") {
      if (ramSection !== undefined) {
        throw secondRamSection(reader, section, ramSection, offset);
      }
      ramSection = section;
      checkRamVersion(reader, section);
      const start = reader.offset;
      ({ blocks, layout } = yield* readRamSetup(
        reader,
        configuration,
        wordSize,
      ));
      ramSetup = { offset: start, length: reader.offset - start };
    } else {
      yield* readRamBody(reader, layout);
    }
  };

  const started: StartedSections = new Map();
  const emptyParts: EmptyPart[] = [];
  for (;;) {
    skipEmptyParts(reader, emptyParts, ({ section, bytes }, offset) => {
      if (section !== ramSection) return;
      const range = { offset, length: bytes.length };
      ramPartCount++;
      lastPart = { kind: "part", section, range };
    });
    let item: StreamItem;
    try {
      item = yield* readItem(reader, started, readBody);
    } catch (error) {
      throw bodies.reasonOf(error);
    }
    switch (item.kind) {
      case "full":
        earlySections.push(item);
        break;
      case "start":
        if (item.section !== ramSection) pushPart(item, item.section);
        if (emptyParts.length < EMPTY_PARTS_MAX) {
          emptyParts.push(...emptyPartsOf(item.section, layout));
        }
        break;
      case "part":
        if (item.section !== ramSection) {
          if (hasRecords(item)) pushPart(item, item.section);
        } else {
          ramPartCount++;
          lastPart = item;
        }
        break;
      case "end":
        if (item.section !== ramSection) {
          pushPart(item, item.section);
          break;
        }
        yield* bodies.check();
        return found(item, rangeEnd(item.range));
      case "eof":
      case "end-of-file":
        if (ramSection !== undefined) yield* bodies.check();
        return found(item, item.range.offset);
    }
  }

  function pushPart(item: StreamItem, section: Section): void {
    if (isDirtyBitmapSection(section)) earlyDirtyBitmaps.push(item);
    else earlyParts.push(item);
  }

  function found(last: StreamItem, ramEnd: number) {
    const index = ramSection && {
      streamOffset,
      ...libvirt === undefined ? {} : { libvirt },
      configuration,
      configurationEnd,
      layout,
      ramSection,
      ramSetup,
      blocks,
      ramPartCount,
      earlySections,
      earlyDirtyBitmaps,
      earlyParts,
      ramEnd,
      started,
    };
    return { index, last, lastPart, reader };
  }
}

function unfinished(
  reader: StreamReader,
  last: StreamItem,
  ramSection: Section | undefined,
): Error {
  const advice = last.kind === "eof"
    ? "; convert --repair rebuilds a background snapshot"
    : "";
  return unfinishedRam(reader, last, {
    ramSection,
    what: "file",
    rule: "ram-end-present",
    expected: `the END of the RAM section${advice}`,
  });
}
