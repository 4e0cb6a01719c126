import { pageOffset, type PageRun } from "../../../format/bitmap/mod.ts";
import type { ByteRange } from "../../../format/bytes/mod.ts";
import type { RAMBlock } from "../../reading/mod.ts";
import { Pace } from "../../work/mod.ts";

/** Maximum bytes in one part. */
const PART_MAX = 0x40000;
/** Maximum zero bytes in one part; they take no memory. */
const ZEROS_MAX = 0x1000000;

/** A part of a RAMBlock's memory. */
export interface BlockPart extends ByteRange {
  /**
   * The bytes, valid until the next part is requested; undefined: zero pages.
   */
  readonly bytes: Uint8Array | undefined;
}

/**
 * Yields the parts of a range, in order. Memory use does not grow with the
 * range. The event loop regularly gets a turn, so that signals are handled.
 */
export async function* blockParts(
  block: RAMBlock,
  range: ByteRange,
  signal: AbortSignal,
): AsyncGenerator<BlockPart> {
  const { pageSize } = block;
  // Refuses an unreadable block even if the range is all zero.
  await block.readInto(new Uint8Array(0), range.offset);
  const buffer = new Uint8Array(Math.min(PART_MAX, range.length));
  const pace = new Pace(signal);
  for await (const run of allRuns(block, range, signal)) {
    const runEnd = Math.min(range.offset + range.length, run.end * pageSize);
    let offset = Math.max(range.offset, run.first * pageSize);
    while (offset < runEnd) {
      const maxLength = run.present ? PART_MAX : ZEROS_MAX;
      const length = Math.min(maxLength, runEnd - offset);
      const bytes = run.present ? buffer.subarray(0, length) : undefined;
      if (bytes !== undefined) {
        const wantedUntil = pageOffset(block, run.end);
        await block.readInto(bytes, offset, { signal, wantedUntil });
      }
      yield { offset, length, bytes };
      offset += length;
      await pace.step();
    }
  }
}

/** Yields the runs of pages that a range touches, both present and absent. */
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
