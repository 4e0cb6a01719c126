import {
  type ByteRange,
  ByteWriter,
  rangeEnd,
} from "../../format/bytes/mod.ts";
import { UnsupportedError } from "../../format/rules/mod.ts";
import {
  MIG_CMD_OPEN_RETURN_PATH,
  MIG_CMD_PACKAGED,
  MIG_CMD_PACKAGED_MAX,
  MIG_CMD_PING,
  MIG_CMD_POSTCOPY_ADVISE,
  MIG_CMD_POSTCOPY_LISTEN,
  MIG_CMD_POSTCOPY_RAM_DISCARD,
  MIG_CMD_POSTCOPY_RUN,
  QEMU_VM_SECTION_START,
  RAM_SAVE_FLAG_EOS,
  RAM_SAVE_FLAG_MEM_SIZE,
  type StreamItem,
  writeCommand,
  writeConfiguration,
  writeSectionFooter,
  writeSectionHead,
  writeStreamHeader,
} from "../../format/stream/mod.ts";
import type { Snapshot } from "../reading/mod.ts";
import type { ByteSource } from "../sources/mod.ts";
import { CHUNK } from "../work/mod.ts";
import type { PostcopyBlock } from "./postcopy_block.ts";

/** PINGs of the opening, numbered as QEMU does. */
export const PING = {
  opened: 1,
  beforePackage: 2,
  loaded: 3,
  ready: 4,
} as const;

/** Approximate bytes of an opening that are buffered before sending: 16 MiB. */
const START_MAX = 0x1000000;

/** What the opening of a postcopy migration contains. */
export interface OpeningOptions {
  /** Whether block dirty bitmaps are sent. */
  readonly dirtyBitmaps: boolean;
  /**
   * Host page size that is not sent explicitly: the larger of host's and
   * target's.
   */
  readonly commonPageSize: number;
}

/**
 * Yields everything that a postcopy source sends before the first page, in
 * pieces: after the last one the guest runs, without any of its RAM.
 *
 * @throws {UnsupportedError} if the end of the device state cannot be found
 */
export async function* postcopyOpening(
  snapshot: Snapshot,
  blocks: readonly PostcopyBlock[],
  options: OpeningOptions,
): AsyncGenerator<Uint8Array> {
  const { source, index } = snapshot;
  const { sections, dirtyBitmaps, parts, eofOffset } = await snapshot
    .deviceState();
  if (eofOffset === undefined) {
    throw new UnsupportedError(source.name, {
      rule: "vmdesc-present",
      feature: "device state without a vmdesc",
      offset: index.ramEnd,
      found: "no vmdesc, so that the end of the device state cannot be found",
      expected: "a vmdesc (saved by a QEMU without suppress-vmdesc=on)",
    });
  }
  const early = inOrder([
    ...index.earlySections,
    ...index.earlyParts,
    ...options.dirtyBitmaps ? index.earlyDirtyBitmaps : [],
  ]);
  const isBeforeRam = (range: ByteRange) =>
    range.offset < index.ramSetup.offset;
  yield head(snapshot, blocks, options);
  yield* copies(source, early.filter(isBeforeRam));
  yield ramSetup(snapshot, blocks, options);
  yield* copies(source, early.filter((range) => !isBeforeRam(range)));
  const afterRam = options.dirtyBitmaps ? [...parts, ...dirtyBitmaps] : parts;
  yield* copies(source, inOrder(afterRam));
  const devices = inOrder(sections);
  yield discards(blocks);
  yield packageHead(snapshot, devices);
  yield* copies(source, devices);
  yield packageTail();
}

/** An opening whose start has been read. */
export interface Opening {
  readonly start: Uint8Array;
  readonly rest: AsyncGenerator<Uint8Array>;
}

/** Reads the start of an opening, which is nearly always all of it. */
export async function readOpening(
  rest: AsyncGenerator<Uint8Array>,
): Promise<Opening> {
  const start = new ByteWriter();
  while (start.length < START_MAX) {
    const { done, value } = await rest.next();
    if (done) break;
    start.bytes(value);
  }
  return { start: start.finish(), rest };
}

function head(
  { index }: Snapshot,
  blocks: readonly PostcopyBlock[],
  { commonPageSize }: OpeningOptions,
): Uint8Array {
  const writer = new ByteWriter();
  writeStreamHeader(writer);
  // Empty: there are no capabilities for the two ends to agree on.
  writeConfiguration(writer, { ...index.configuration, capabilities: [] });
  writeCommand(writer, MIG_CMD_OPEN_RETURN_PATH);
  writePing(writer, PING.opened);
  // Each bit of the summary represents a host page size.
  const sizes = new Set(blocks.map(({ hostPageSize }) => hostPageSize));
  const summary = [...sizes].reduce((sum, size) => sum + size, 0);
  const pageSize = blocks[0]?.block.pageSize ?? 4096;
  const advice = new ByteWriter().be64(summary || commonPageSize).be64(
    pageSize,
  );
  writeCommand(writer, MIG_CMD_POSTCOPY_ADVISE, {
    payload: advice.finish(),
  });
  return writer.finish();
}

function ramSetup(
  { index }: Snapshot,
  blocks: readonly PostcopyBlock[],
  { commonPageSize }: OpeningOptions,
): Uint8Array {
  const writer = new ByteWriter();
  const total = blocks.reduce((sum, { block }) => sum + block.usedLength, 0);
  writeSectionHead(writer, {
    ...index.ramSection,
    type: QEMU_VM_SECTION_START,
  });
  writer.be64(total + RAM_SAVE_FLAG_MEM_SIZE);
  for (const { block, hostPageSize } of blocks) {
    writer.countedString(block.idstr).be64(block.usedLength);
    if (hostPageSize !== commonPageSize) writer.be64(hostPageSize);
  }
  writer.be64(RAM_SAVE_FLAG_EOS);
  writeSectionFooter(writer, index.ramSection);
  return writer.finish();
}

/**
 * In theory RAM_DISCARD is optional. Without it QEMU handles pages as in an
 * ordinary migration, touches guest memory itself, and waits forever.
 */
function discards(blocks: readonly PostcopyBlock[]): Uint8Array {
  const writer = new ByteWriter();
  for (const { block: { idstr, usedLength } } of blocks) {
    const ranges = new ByteWriter().u8(0).countedString(idstr).u8(0)
      .be64(0).be64(usedLength);
    writeCommand(writer, MIG_CMD_POSTCOPY_RAM_DISCARD, {
      payload: ranges.finish(),
    });
  }
  return writer.finish();
}

function packageHead(
  { source, index }: Snapshot,
  devices: readonly ByteRange[],
): Uint8Array {
  const listen = new ByteWriter();
  writeCommand(listen, MIG_CMD_POSTCOPY_LISTEN);
  const length = devices.reduce((sum, range) => sum + range.length, 0) +
    listen.length + packagedEnd().length;
  if (length > MIG_CMD_PACKAGED_MAX) {
    throw new UnsupportedError(source.name, {
      rule: "section-known",
      feature: "device state above 4 GiB",
      offset: index.ramEnd,
      found: `${length} bytes of device state`,
      expected: `at most ${MIG_CMD_PACKAGED_MAX}, for postcopy`,
    });
  }
  const writer = new ByteWriter();
  writePing(writer, PING.beforePackage);
  const payload = new ByteWriter().be32(length).finish();
  writeCommand(writer, MIG_CMD_PACKAGED, { payload });
  return writer.bytes(listen.finish()).finish();
}

function packageTail(): Uint8Array {
  const writer = new ByteWriter().bytes(packagedEnd());
  writePing(writer, PING.ready);
  return writer.finish();
}

/** Returns the end of the package, after the device state. */
function packagedEnd(): Uint8Array {
  const writer = new ByteWriter();
  writePing(writer, PING.loaded);
  writeCommand(writer, MIG_CMD_POSTCOPY_RUN);
  return writer.finish();
}

function writePing(writer: ByteWriter, value: number): void {
  writeCommand(writer, MIG_CMD_PING, {
    payload: new ByteWriter().be32(value).finish(),
  });
}

/** Returns the ranges of items in file order, with adjacent ones merged. */
function inOrder(items: readonly StreamItem[]): ByteRange[] {
  const ranges: ByteRange[] = [];
  const sorted = items.map(({ range }) => range)
    .sort((a, b) => a.offset - b.offset);
  for (const range of sorted) {
    const last = ranges.at(-1);
    if (last !== undefined && rangeEnd(last) === range.offset) {
      const length = last.length + range.length;
      ranges[ranges.length - 1] = { offset: last.offset, length };
    } else ranges.push(range);
  }
  return ranges;
}

/** Yields the bytes of ranges as they are in the file. */
async function* copies(
  source: ByteSource,
  ranges: readonly ByteRange[],
): AsyncGenerator<Uint8Array> {
  for (const range of ranges) {
    for (let at = range.offset; at < rangeEnd(range); at += CHUNK) {
      const bytes = new Uint8Array(Math.min(CHUNK, rangeEnd(range) - at));
      await source.readInto(bytes, at);
      yield bytes;
    }
  }
}
