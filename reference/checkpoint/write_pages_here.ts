import {
  blockRange,
  PageBitmap,
  type PageRun,
} from "../../format/bitmap/mod.ts";
import { presentBatches } from "../exporting/mod.ts";
import type { LocalFile } from "../local/mod.ts";
import { BackgroundFlush, type ByteSink } from "../sinks/mod.ts";
import type { ReadOptions } from "../sources/mod.ts";
import { inLanes, Pace, type ProgressReport } from "../work/mod.ts";
import type { ComparedBlock } from "./compared_block.ts";
import { DifferenceWriter } from "./difference_writer.ts";

/** Options of writing pages. */
export interface WritePagesOptions extends ReadOptions {
  readonly sink: ByteSink;
  /** The file of the sink. */
  readonly clone: LocalFile;
  readonly report: ProgressReport;
}

/**
 * Writes the pages that differ from those of the base, on the calling thread and
 * from any source. Returns their number.
 */
export async function writePagesHere(
  blocks: readonly ComparedBlock[],
  { sink, clone, report, signal }: WritePagesOptions,
): Promise<number> {
  const flush = new BackgroundFlush(sink);
  const pace = new Pace(signal);
  let count = 0;
  let written = 0;
  try {
    for (const { block, base } of blocks) {
      const { pageSize, pageCount, pagesOffset, parallelReads = 1 } = block;
      const changed = new PageBitmap(pageCount);
      const pagesAt = (offset: number, length: number): PageRun => ({
        first: Math.floor((offset - pagesOffset) / pageSize),
        end: Math.ceil((offset - pagesOffset + length) / pageSize),
      });
      const writer = () =>
        new DifferenceWriter({
          sink,
          unit: pageSize,
          async readBase(target, offset) {
            const { first, end } = pagesAt(offset, target.length);
            // A source may pass bytes again, after wrong ones.
            if (changed.nextSet(first, end) < end) {
              return clone.readSync(target, offset);
            }
            await base.readInto(target, offset - pagesOffset, { signal });
          },
          onWrite(length, offset) {
            written += length;
            const { first, end } = pagesAt(offset, length);
            for (let page = first; page < end; page++) changed.set(page);
          },
        });
      report.idstr = block.idstr;
      const lanes = Array.from({ length: parallelReads }, writer);
      const batches = presentBatches(block, { signal });
      await inLanes(lanes, batches, async (runs, lane) => {
        for (const run of runs) {
          block.willNeed?.(blockRange(pageSize, run));
          base.willNeed?.(blockRange(pageSize, run));
        }
        await block.streamRuns(runs, async (bytes, { offset }) => {
          await lane.write(bytes, pagesOffset + offset);
          flush.wrote(written);
          report.done = Math.min(report.total, report.done + bytes.length);
          report.tell();
          await pace.step();
        }, { signal });
      });
      count += changed.count();
    }
  } finally {
    await flush.settle();
  }
  return count;
}
