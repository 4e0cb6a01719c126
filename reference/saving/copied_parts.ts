import {
  type ByteRange,
  ByteWriter,
  rangeEnd,
} from "../../format/bytes/mod.ts";
import { encodeRamEnd, type RamLayout } from "../../format/ram/mod.ts";
import {
  CAPABILITY_FIXED_RAM,
  CAPABILITY_IGNORE_SHARED,
  CAPABILITY_MAPPED_RAM,
  writeConfiguration,
  writeSectionFooter,
  writeStreamHeader,
} from "../../format/stream/mod.ts";
import type { Snapshot } from "../reading/mod.ts";
import { CHUNK } from "../work/mod.ts";

/** A part of a stream, either new or copied piece by piece. */
export interface CopiedPart {
  /** Length in bytes. */
  readonly length: number;
  /** Yields the bytes in pieces. */
  read(): AsyncIterable<Uint8Array> | Iterable<Uint8Array>;
}

/** The stream before and after the list of RAMBlocks. */
export interface CopiedParts {
  /** The stream up to the body of RAM's START. */
  readonly head: Uint8Array;
  /** The stream from the end of the list to its end. */
  readonly tail: readonly CopiedPart[];
}

/**
 * Returns the stream before and after the list of RAMBlocks of an open
 * snapshot, converted if `layout` differs from the snapshot's.
 */
export async function copiedParts(
  snapshot: Snapshot,
  layout: RamLayout,
): Promise<CopiedParts> {
  const { index } = snapshot;
  const { end } = await snapshot.deviceState();
  return {
    head: await newHead(snapshot, layout),
    tail: layout === index.layout
      ? [between(snapshot, rangeEnd(index.ramSetup), end)]
      : newTail(snapshot, layout, { partsEnd: index.ramEnd, end }),
  };
}

/**
 * Returns the same for a snapshot whose RAM section ends with a PART, and adds
 * the missing END.
 */
export async function endedParts(
  snapshot: Snapshot,
  partsEnd: number,
): Promise<CopiedParts> {
  const { end } = await snapshot.deviceState();
  const { layout } = snapshot.index;
  return {
    head: await newHead(snapshot, layout),
    tail: newTail(snapshot, layout, { partsEnd, end }),
  };
}

/**
 * Returns the stream up to the body of RAM's START. The new file holds all of
 * the RAM, so the capability `x-ignore-shared` is dropped.
 */
function newHead(snapshot: Snapshot, layout: RamLayout): Promise<Uint8Array> {
  const { index } = snapshot;
  const { streamOffset, configuration, configurationEnd, ramSetup } = index;
  const capabilities = capabilitiesOf(configuration.capabilities, layout);
  const isSame = layout === index.layout &&
    capabilities.length === configuration.capabilities.length;
  if (isSame) return join([between(snapshot, streamOffset, ramSetup.offset)]);
  const start = new ByteWriter();
  writeStreamHeader(start);
  writeConfiguration(start, { ...configuration, capabilities });
  return join([
    made(start.finish()),
    between(snapshot, configurationEnd, ramSetup.offset),
  ]);
}

/** Returns the rest of the stream with an END and without the empty PARTs. */
function newTail(
  snapshot: Snapshot,
  layout: RamLayout,
  { partsEnd, end }: { readonly partsEnd: number; readonly end: number },
): CopiedPart[] {
  const { index } = snapshot;
  const footer = new ByteWriter();
  writeSectionFooter(footer, index.ramSection);
  const others = [
    ...index.earlySections,
    ...index.earlyDirtyBitmaps,
    ...index.earlyParts,
  ]
    .filter(({ range: { offset } }) =>
      offset > index.ramSetup.offset && offset < partsEnd
    )
    .toSorted((a, b) => a.range.offset - b.range.offset);
  return [
    made(footer.finish()),
    ...others.map((it) => copyOf(snapshot, it.range)),
    made(encodeRamEnd(index.ramSection, layout)),
    between(snapshot, partsEnd, end),
  ];
}

function capabilitiesOf(
  capabilities: readonly string[],
  layout: RamLayout,
): readonly string[] {
  const [from, to] = layout === "mapped-ram"
    ? [CAPABILITY_FIXED_RAM, CAPABILITY_MAPPED_RAM]
    : [CAPABILITY_MAPPED_RAM, CAPABILITY_FIXED_RAM];
  return capabilities.filter((it) => it !== CAPABILITY_IGNORE_SHARED)
    .map((it) => it === from ? to : it);
}

function between(snapshot: Snapshot, start: number, end: number): CopiedPart {
  return copyOf(snapshot, { offset: start, length: end - start });
}

function made(bytes: Uint8Array): CopiedPart {
  return { length: bytes.length, read: () => [bytes] };
}

function copyOf({ source }: Snapshot, range: ByteRange): CopiedPart {
  return {
    length: range.length,
    async *read() {
      for (let done = 0; done < range.length; done += CHUNK) {
        const bytes = new Uint8Array(Math.min(CHUNK, range.length - done));
        await source.readInto(bytes, range.offset + done);
        yield bytes;
      }
    },
  };
}

async function join(parts: readonly CopiedPart[]): Promise<Uint8Array> {
  const writer = new ByteWriter();
  for (const part of parts) {
    for await (const bytes of part.read()) writer.bytes(bytes);
  }
  return writer.finish();
}
