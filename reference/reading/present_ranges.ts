import type { PageRun } from "../../format/bitmap/mod.ts";
import type { ByteRange } from "../../format/bytes/mod.ts";
import type { ReadOptions } from "../sources/mod.ts";
import type { RunOptions } from "./block_pages.ts";
import { RAMBlock } from "./ram_block.ts";

/** Memory with a known set of present pages; all others are zero. */
interface PresentPages {
  readonly usedLength: number;
  readonly pageSize: number;
  presentRuns(options?: RunOptions): AsyncIterable<PageRun>;
}

/** Part of the memory. Default: all of it. */
interface PartOptions extends ReadOptions, Partial<ByteRange> {}

/** Yields the ranges of a part of a block that present pages hold, in order. */
export async function* presentRanges(
  block: PresentPages,
  options: PartOptions = {},
): AsyncGenerator<ByteRange> {
  const { pageSize, usedLength } = block;
  const { offset: start = 0, length = usedLength, signal } = options;
  const end = start + length;
  const runs = block.presentRuns({
    signal,
    first: Math.floor(start / pageSize),
    end: Math.ceil(end / pageSize),
  });
  for await (const run of runs) {
    const offset = Math.max(start, run.first * pageSize);
    yield { offset, length: Math.min(end, run.end * pageSize) - offset };
  }
}

/** Returns the number of bytes of a part of a block that present pages hold. */
export async function presentBytes(
  block: PresentPages,
  options?: PartOptions,
): Promise<number> {
  let bytes = 0;
  for await (const { length } of presentRanges(block, options)) bytes += length;
  return bytes;
}

/** Returns the number of bytes of blocks that no present page holds. */
export async function absentBytes(
  blocks: Iterable<PresentPages>,
  options?: ReadOptions,
): Promise<number> {
  let bytes = 0;
  for (const block of blocks) {
    const present = block instanceof RAMBlock
      // Counting bits is much faster than going through runs.
      ? await block.countPresent(options) * block.pageSize
      : await presentBytes(block, options);
    bytes += block.usedLength - present;
  }
  return bytes;
}
