import { type PageBitmap, pageRunRange } from "../../format/bitmap/mod.ts";
import { type ByteRange, rangeEnd } from "../../format/bytes/mod.ts";
import { checkSameFile } from "../local/mod.ts";
import { isZero } from "../pages/mod.ts";
import type { ByteSink } from "../sinks/mod.ts";
import { leftoverOf, type ReadOptions } from "../sources/mod.ts";
import { CHUNK, Pace } from "../work/mod.ts";
import { SparseFile } from "../lanes/mod.ts";
import type { RAMBlockWriter } from "./ram_block_writer.ts";

// Where a resumed save writes nothing, the file may hold the RAM of another
// guest. These bytes are overwritten with zeros; zeros and holes are left
// alone.

/**
 * Clears the bytes between the pages of blocks, which are in file order.
 *
 * @throws {SourceError} if the file cannot be read or written
 */
export async function clearBetweenPages(
  sink: ByteSink,
  blocks: Iterable<Pick<RAMBlockWriter, "pagesOffset" | "usedLength">>,
  byteLength: number,
): Promise<void> {
  await clear(sink, rangesBetween(blocks, byteLength));
}

/**
 * Clears the places of the pages of a block that are not stored.
 *
 * @throws {SourceError} if the file cannot be read or written
 */
export async function clearMissingPages(
  sink: ByteSink,
  block: RAMBlockWriter,
  { signal }: ReadOptions,
): Promise<void> {
  await clear(sink, clearRuns(block, await block.bitmap()), signal);
}

async function clear(
  sink: ByteSink,
  ranges: Iterable<ByteRange>,
  signal?: AbortSignal,
): Promise<void> {
  const backing = leftoverOf(sink);
  if (backing === undefined) return;
  const { path, name, leftoverRanges } = backing;
  using file = checkSameFile(new SparseFile(path, name), backing);
  const pace = new Pace(signal);
  const bytes = new Uint8Array(CHUNK);
  for (const { offset, length } of inBoth(ranges, leftoverRanges)) {
    for (let done = 0; done < length; done += CHUNK) {
      const part = bytes.subarray(0, Math.min(CHUNK, length - done));
      file.readSync(part, offset + done);
      if (!isZero(part)) await sink.write(part.fill(0), offset + done);
      await pace.step();
    }
  }
}

/** Yields the parts of a file that hold no pages. */
function* rangesBetween(
  blocks: Iterable<Pick<RAMBlockWriter, "pagesOffset" | "usedLength">>,
  byteLength: number,
): Generator<ByteRange> {
  let offset = 0;
  for (const { pagesOffset, usedLength } of blocks) {
    yield { offset, length: pagesOffset - offset };
    offset = pagesOffset + usedLength;
  }
  yield { offset, length: byteLength - offset };
}

/** Yields the places of the pages of a block that are not stored. */
function* clearRuns(
  block: RAMBlockWriter,
  bitmap: PageBitmap,
): Generator<ByteRange> {
  const { pageCount } = bitmap;
  for (let first = bitmap.nextClear(0); first < pageCount;) {
    const end = bitmap.nextSet(first);
    yield pageRunRange(block, { first, end });
    first = bitmap.nextClear(end);
  }
}

/** Yields the intersections of `ranges` and `others`; both are in order. */
function* inBoth(
  ranges: Iterable<ByteRange>,
  others: readonly ByteRange[] | undefined,
): Generator<ByteRange> {
  if (others === undefined) return yield* ranges;
  let first = 0;
  for (const range of ranges) {
    const { offset } = range;
    const end = rangeEnd(range);
    while (first < others.length && rangeEnd(others[first]) <= offset) first++;
    for (let at = first; at < others.length; at++) {
      if (others[at].offset >= end) break;
      const from = Math.max(offset, others[at].offset);
      yield {
        offset: from,
        length: Math.min(end, rangeEnd(others[at])) - from,
      };
    }
  }
}
