import type { PageRun } from "../../../format/bitmap/mod.ts";
import type { ByteRange } from "../../../format/bytes/mod.ts";
import type { RAMBlock } from "../../reading/mod.ts";
import { Pace } from "../../work/mod.ts";

/** Most bytes that are read and handed on at a time. */
const CHUNK = 0x100000;
/** Most zeros that are handed on at a time: they are not in memory. */
const ZEROS_MAX = 0x1000000;

/** A part of a RAMBlock's memory. */
export interface BlockPart extends ByteRange {
  /** The bytes, until the next part is asked for; undefined: zero pages. */
  readonly bytes: Uint8Array | undefined;
}

/**
 * The parts of a range, in order. It takes as little memory for a long range as
 * for a short one, and lets the event loop turn now and then, so that a signal
 * is heard.
 */
export async function* blockParts(
  block: RAMBlock,
  range: ByteRange,
  signal: AbortSignal,
): AsyncGenerator<BlockPart> {
  const { pageSize, pagesOffset } = block;
  // What cannot be read at all is refused here, be it zero or not.
  await block.readInto(new Uint8Array(0), range.offset);
  const buffer = new Uint8Array(Math.min(CHUNK, range.length));
  const pace = new Pace(signal);
  for await (const run of allRuns(block, range, signal)) {
    const runEnd = Math.min(range.offset + range.length, run.end * pageSize);
    let offset = Math.max(range.offset, run.first * pageSize);
    while (offset < runEnd) {
      const most = run.present ? CHUNK : ZEROS_MAX;
      const length = Math.min(most, runEnd - offset);
      const bytes = run.present ? buffer.subarray(0, length) : undefined;
      if (bytes !== undefined) {
        const wantedUntil = pagesOffset + run.end * pageSize;
        await block.readInto(bytes, offset, { signal, wantedUntil });
      }
      yield { offset, length, bytes };
      offset += length;
      await pace.step();
    }
  }
}

/** The runs of pages that a range touches, present ones and others in turn. */
async function* allRuns(
  block: RAMBlock,
  { offset, length }: ByteRange,
  signal: AbortSignal,
): AsyncGenerator<PageRun & { readonly present: boolean }> {
  let first = Math.floor(offset / block.pageSize);
  const end = Math.ceil((offset + length) / block.pageSize);
  for await (const run of block.presentRuns({ first, end, signal })) {
    if (run.first > first) yield { first, end: run.first, present: false };
    yield { ...run, present: true };
    first = run.end;
  }
  if (first < end) yield { first, end, present: false };
}
