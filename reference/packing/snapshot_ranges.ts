import { pageRunRange } from "../../format/bitmap/mod.ts";
import type { ByteRange } from "../../format/bytes/mod.ts";
import type { RAMBlock, Snapshot } from "../reading/mod.ts";
import type { ReadOptions } from "../sources/mod.ts";
import { diskData } from "./disk_data.ts";

/** Options of {@linkcode snapshotRanges}. */
export interface SnapshotRangesOptions extends ReadOptions {
  /**
   * The parts of a plain file that are not holes, in order. Default: all of the
   * file.
   */
  readonly dataRanges?: Iterable<ByteRange> | undefined;
}

/**
 * Returns the ranges of the file of a snapshot that mean anything: all but the
 * places of pages that are not present, whatever bytes are left there, and, as
 * far as they are known, holes. Each iteration yields all of them.
 */
export function snapshotRanges(
  snapshot: Snapshot,
  options?: SnapshotRangesOptions,
): AsyncIterable<ByteRange> {
  return { [Symbol.asyncIterator]: () => rangesOf(snapshot, options) };
}

async function* rangesOf(
  snapshot: Snapshot,
  options?: SnapshotRangesOptions,
): AsyncGenerator<ByteRange> {
  const placed = placedBlocks(snapshot);
  for (const [index, range] of frameRanges(snapshot).entries()) {
    yield* diskData(snapshot.source, { ...range, ...options });
    const block = placed.at(index);
    if (block === undefined) return;
    for await (const run of block.presentRuns(options)) {
      yield pageRunRange(block, run);
    }
  }
}

/**
 * Returns the ranges of the file of a snapshot around the places of its pages,
 * one before those of each RAMBlock, and one at the end.
 */
export function frameRanges(snapshot: Snapshot): ByteRange[] {
  let offset = 0;
  const ranges = placedBlocks(snapshot).map(
    ({ pageCount, pagesOffset, pageSize }) => {
      const range = { offset, length: pagesOffset - offset };
      offset = pagesOffset + pageCount * pageSize;
      return range;
    },
  );
  const { byteLength } = snapshot.source;
  return [...ranges, { offset, length: byteLength - offset }];
}

/** Returns the RAMBlocks that have places for pages, in the file's order. */
function placedBlocks({ blocks }: Snapshot): RAMBlock[] {
  return blocks.filter((it) => !it.ignored && it.pageCount > 0)
    .toSorted((a, b) => a.pagesOffset - b.pagesOffset);
}
