import { pageRunRange } from "../../format/bitmap/mod.ts";
import type { ByteRange } from "../../format/bytes/mod.ts";
import type { Snapshot } from "../reading/mod.ts";
import type { ReadOptions } from "../sources/mod.ts";

/**
 * Returns the ranges of the file of a snapshot that mean anything: all but the
 * places of pages that are not present, whatever bytes are left there. Each
 * iteration yields all of them.
 */
export function snapshotRanges(
  snapshot: Snapshot,
  options?: ReadOptions,
): AsyncIterable<ByteRange> {
  return { [Symbol.asyncIterator]: () => rangesOf(snapshot, options) };
}

async function* rangesOf(
  { blocks, source }: Snapshot,
  options?: ReadOptions,
): AsyncGenerator<ByteRange> {
  let done = 0;
  const placed = blocks.filter((it) => !it.ignored && it.pageCount > 0)
    .toSorted((a, b) => a.pagesOffset - b.pagesOffset);
  for (const block of placed) {
    const { pageCount, pagesOffset, pageSize } = block;
    yield { offset: done, length: pagesOffset - done };
    for await (const run of block.presentRuns(options)) {
      yield pageRunRange(block, run);
    }
    done = pagesOffset + pageCount * pageSize;
  }
  yield { offset: done, length: source.byteLength - done };
}
