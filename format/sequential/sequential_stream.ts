/**
 * The walk over a sequential stream (SPEC 11.4): a migration stream without
 * mapped-ram, whose pages are records. It is forward-only, so that it can also
 * read from a socket.
 *
 * @module
 */

import type { Walk } from "../bytes/walk.ts";
import { encodeRamEnd, unfinishedRam } from "../ram/ram_end.ts";
import { checkRamVersion, secondRamSection } from "../ram/ram_section.ts";
import {
  type Configuration,
  readAnyConfiguration,
} from "../stream/configuration.ts";
import {
  CAPABILITY_FIXED_RAM,
  CAPABILITY_MAPPED_RAM,
  MIG_CMD_POSTCOPY_ADVISE,
  RAM_SECTION_IDSTR,
} from "../stream/constants.ts";
import type { ForwardReader } from "./forward_reader.ts";
import {
  type ReadBody,
  readItem,
  readStreamHeader,
  type Section,
  type StartedSections,
  type StreamItem,
} from "../stream/migration_stream.ts";
import {
  type RamRecord,
  readRamRecords,
  type RecordContext,
} from "./ram_record_walk.ts";
import { readBlockList } from "./sequential_block_list.ts";
import {
  checkPageSizes,
  EMPTY_COMMAND,
  isForFile,
} from "./sequential_commands.ts";
import { skipSection } from "./sequential_sections.ts";
import type {
  SequentialEnd,
  SequentialOptions,
  SequentialVisitor,
} from "./sequential_visitor.ts";
import { joined, type StreamPlace, unreadAt } from "./unread_rest.ts";

/** Walks over a stream and passes its contents to `visitor`. */
export function* walkSequentialStream(
  reader: ForwardReader,
  visitor: SequentialVisitor,
  options: SequentialOptions = {},
): Walk<SequentialEnd> {
  const place: StreamPlace = {
    head: new Uint8Array(0),
    held: [],
    records: undefined,
  };
  try {
    return yield* walkItems(reader, visitor, { ...options, place });
  } catch (error) {
    visitor.unread?.(unreadAt(reader, place));
    throw error;
  }
}

function* walkItems(
  reader: ForwardReader,
  visitor: SequentialVisitor,
  { place, ...options }: SequentialOptions & { readonly place: StreamPlace },
): Walk<SequentialEnd> {
  reader.keep();
  yield* readStreamHeader(reader);
  const configuration = yield* readAnyConfiguration(reader);
  checkSequential(reader, configuration);
  place.head = reader.kept();
  const { targetPageBits } = configuration;
  const pageSize = targetPageBits === undefined
    ? options.pageSize ?? 4096
    : 2 ** targetPageBits;
  const started: StartedSections = new Map();
  const earlySections: StreamItem[] = [];
  let heldLength = 0;
  let ram: { section: Section; context: RecordContext } | undefined;

  const readBody: ReadBody = function* (kind, section, offset) {
    if (kind === "full" || section.idstr !== RAM_SECTION_IDSTR) {
      return yield* skipSection(reader, options, { kind, section, offset });
    }
    if (kind === "start") {
      if (ram !== undefined) {
        throw secondRamSection(reader, section, ram.section, offset);
      }
      checkRamVersion(reader, section);
      const blocks = yield* readBlockList(reader, configuration, pageSize);
      const context = {
        blocks,
        pageSize,
        visit: (record: RamRecord) => visitor.record(record),
        last: undefined,
        recordOffset: reader.offset,
      };
      ram = { section, context };
      visitor.begin({
        configuration,
        ramSection: section,
        blocks: [...blocks.values()],
        pageSize,
        itemsBefore: joined(place.held),
      });
      place.head = new Uint8Array(0);
      place.held = [];
      heldLength = 0;
      // Records are not kept.
      reader.forget();
    }
    if (ram === undefined) return;
    place.records = ram.context;
    ram.context.recordOffset = reader.offset;
    yield* readRamRecords(reader, ram.context);
  };

  let ramPartCount = 0;
  for (;;) {
    reader.keep(heldLength);
    const item = yield* readItem(reader, started, function* (...args) {
      const [kind, section] = args;
      const isRam = kind !== "full" && section.idstr === RAM_SECTION_IDSTR;
      if (isRam && kind !== "start") reader.forget();
      yield* readBody(...args);
    });
    const kept = reader.kept();
    place.records = undefined;
    const isRam = "section" in item && item.kind !== "full" &&
      item.section.idstr === RAM_SECTION_IDSTR;
    if (isRam) {
      for (const bytes of place.held.splice(0)) visitor.state(bytes);
      heldLength = 0;
      if (item.kind === "part") {
        ramPartCount++;
        visitor.part?.();
      }
      if (item.kind !== "end") continue;
      visitor.ramEnd?.();
      visitor.state(encodeRamEnd(item.section));
      const ramEnd = reader.offset;
      if (!options.ramOnly) yield* passOnRest(reader, visitor);
      return { ramEnd, hasEnd: true, started, earlySections, ramPartCount };
    }
    if (item.kind === "eof" || item.kind === "end-of-file") {
      if (ram === undefined || item.kind === "end-of-file") {
        throw unfinished(reader, item, ram?.section);
      }
      visitor.ramEnd?.();
      visitor.state(encodeRamEnd(ram.section));
      for (const bytes of place.held.splice(0)) visitor.state(bytes);
      const ramEnd = reader.offset;
      visitor.state(kept);
      if (!options.ramOnly) yield* passOnRest(reader, visitor);
      return { ramEnd, hasEnd: false, started, earlySections, ramPartCount };
    }
    if (item.kind === "full") earlySections.push(item);
    if (item.kind === "command" && !isForFile(item, kept)) {
      const payload = kept.subarray(EMPTY_COMMAND);
      if (item.command === MIG_CMD_POSTCOPY_ADVISE) {
        place.held.push(kept);
        checkPageSizes(reader, payload, item.range.offset);
        place.held.pop();
      }
      visitor.asked?.(item.command, payload);
      continue;
    }
    place.held.push(kept);
    heldLength += kept.length;
  }
}

function checkSequential(
  reader: ForwardReader,
  { capabilities }: Configuration,
): void {
  const fixed = [CAPABILITY_MAPPED_RAM, CAPABILITY_FIXED_RAM]
    .find((it) => capabilities.includes(it));
  if (fixed === undefined) return;
  throw reader.formatError("capability-mapped-ram", {
    offset: reader.offset,
    found: `the capability "${fixed}"`,
    expected: "a sequential stream, without it",
  });
}

/** Passes on the rest of the stream. */
function* passOnRest(
  reader: ForwardReader,
  visitor: SequentialVisitor,
): Walk<void> {
  for (;;) {
    yield* reader.fetchSome();
    if (reader.available === 0) return;
    visitor.state(reader.bytes(reader.available, "the device state"));
  }
}

/** Returns the error of a stream that ends before its RAM does. */
function unfinished(
  reader: ForwardReader,
  last: StreamItem,
  ramSection: Section | undefined,
): Error {
  return unfinishedRam(reader, last, {
    ramSection,
    what: "stream",
    rule: "eof-present",
    expected: "the END of the RAM section, or the EOF item",
  });
}
