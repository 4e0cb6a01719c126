/**
 * The walk that opens a snapshot: from the magic to the footer of RAM's END.
 *
 * @module
 */

import { type BitmapOrder, DEFAULT_BITMAP_ORDER } from "./bitmap_order.ts";
import { type ByteRange, rangeEnd } from "./byte_range.ts";
import { type Configuration, readConfiguration } from "./configuration.ts";
import { RAM_SECTION_IDSTR } from "./constants.ts";
import {
  type ReadBody,
  readItem,
  readStreamHeader,
  type Section,
  type StartedSections,
  type StreamItem,
} from "./migration_stream.ts";
import {
  checkRamVersion,
  readEos,
  readRamSetup,
  secondRamSection,
} from "./ram_section.ts";
import type { RAMBlockHeader } from "./ramblock_header.ts";
import { readOtherBodies } from "./section_bodies.ts";
import { type Report, StreamReader } from "./stream_reader.ts";
import type { Walk, WalkedFile } from "./walk.ts";

/** How a stream is to be read. */
export interface IndexOptions {
  /** Where the stream starts in the file, in bytes. Default: 0. */
  readonly offset?: number | undefined;
  /** How the writing host kept its bitmaps. Default: little-endian u64 words. */
  readonly bitmapOrder?: BitmapOrder | undefined;
  /** Is told of rules broken that do not stop the walk. Default: throws. */
  readonly report?: Report | undefined;
}

/** Where everything stands that is needed to read RAM, and to copy the rest. */
export interface SnapshotIndex {
  /** Where the stream starts in the file. */
  readonly streamOffset: number;
  /** What the configuration says. */
  readonly configuration: Configuration;
  /** The RAM section. */
  readonly ramSection: Section;
  /** The body of RAM's START: from the total to the EOS word, both included. */
  readonly ramSetup: ByteRange;
  /** The RAMBlocks, in the order of the file. */
  readonly blocks: readonly RAMBlockHeader[];
  /** How many RAM PART sections stand between START and END. */
  readonly ramPartCount: number;
  /** The FULL sections that stand before RAM's END. */
  readonly earlySections: readonly StreamItem[];
  /** The parts of the section of block dirty bitmaps that stand before RAM's END. */
  readonly earlyDirtyBitmaps: readonly StreamItem[];
  /** Position behind the footer of RAM's END. */
  readonly ramEnd: number;
  /** The sections that were started up to there. */
  readonly started: ReadonlyMap<number, Section>;
}

/** Walks a file up to RAM's END. */
export function* indexSnapshot(
  file: WalkedFile,
  options: IndexOptions = {},
): Walk<SnapshotIndex> {
  const streamOffset = options.offset ?? 0;
  const reader = new StreamReader(file, streamOffset, options.report);
  yield* readStreamHeader(reader);
  const configuration = yield* readConfiguration(reader);
  const { wordSize } = options.bitmapOrder ?? DEFAULT_BITMAP_ORDER;

  let ramSection: Section | undefined;
  let ramSetup: ByteRange = { offset: 0, length: 0 };
  let blocks: RAMBlockHeader[] = [];
  let ramPartCount = 0;
  const earlySections: StreamItem[] = [];
  const earlyDirtyBitmaps: StreamItem[] = [];
  const readOtherBody = readOtherBodies(reader, file);

  function* readBody(...[kind, section, offset]: Parameters<ReadBody>) {
    if (kind === "full" || section.idstr !== RAM_SECTION_IDSTR) {
      yield* readOtherBody(kind, section, offset);
    } else if (kind === "start") {
      if (ramSection !== undefined) {
        throw secondRamSection(reader, section, ramSection, offset);
      }
      ramSection = section;
      checkRamVersion(reader, section);
      const start = reader.offset;
      blocks = yield* readRamSetup(reader, configuration, wordSize);
      ramSetup = { offset: start, length: reader.offset - start };
    } else {
      yield* readEos(reader, "ram-body-empty");
    }
  }

  const started: StartedSections = new Map();
  for (;;) {
    const item = yield* readItem(reader, started, readBody);
    switch (item.kind) {
      case "full":
        earlySections.push(item);
        break;
      case "start":
        if (item.section !== ramSection) earlyDirtyBitmaps.push(item);
        break;
      case "part":
        if (item.section === ramSection) ramPartCount++;
        else earlyDirtyBitmaps.push(item);
        break;
      case "end":
        if (item.section !== ramSection) {
          earlyDirtyBitmaps.push(item);
          break;
        }
        return {
          streamOffset,
          configuration,
          ramSection,
          ramSetup,
          blocks,
          ramPartCount,
          earlySections,
          earlyDirtyBitmaps,
          ramEnd: rangeEnd(item.range),
          started,
        };
      case "eof":
      case "end-of-file":
        throw unfinished(reader, item, ramSection);
    }
  }
}

function unfinished(
  reader: StreamReader,
  item: StreamItem,
  ramSection: Section | undefined,
): Error {
  const found = item.kind === "eof" ? "the EOF item" : "the end of the file";
  return ramSection === undefined
    ? reader.formatError("ram-section-present", {
      offset: item.range.offset,
      found,
      expected: "a RAM section",
    })
    : reader.formatError("ram-end-present", {
      offset: item.range.offset,
      found: `${found}: the save was not finished`,
      expected: "the END of the RAM section",
    });
}
