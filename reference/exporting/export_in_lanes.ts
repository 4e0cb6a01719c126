import { PageBitmap } from "../../format/bitmap/mod.ts";
import type { RAMBlock } from "../reading/mod.ts";
import { BackgroundFlush, type ByteSink } from "../sinks/mod.ts";
import { backingOf, SourceError } from "../sources/mod.ts";
import { ProgressReport } from "../work/mod.ts";
import { DIRECT_ALIGNMENT, laneCount } from "../lanes/mod.ts";
import {
  checkDirectPages,
  chunkLengthOf,
  chunksOf,
  CONTROL,
  copyPool,
  laneInput,
  LaneReadAhead,
  laneTask,
} from "../workers/mod.ts";
import type { ExportOptions } from "./export_options.ts";

/**
 * Writes the present pages of a block to a sink on other threads. Returns
 * false, having written nothing, if the block or the sink is not a local file
 * or the block is too small.
 */
export async function exportInLanes(
  block: RAMBlock,
  sink: ByteSink,
  options: ExportOptions,
): Promise<boolean> {
  const { jobs = 1, directIo = false, signal } = options;
  const to = backingOf(sink);
  const input = await laneInput(block, { signal });
  if (to?.kind !== "file" || input === undefined) {
    if (directIo) throw noFile(input === undefined ? block.name : sink.name);
    return false;
  }
  const { idstr, pageSize, usedLength } = block;
  if (directIo) checkAligned(block);
  const chunkLength = chunkLengthOf(pageSize, directIo);
  const laneBlock = {
    ...input,
    usedLength,
    to,
    toOffset: 0,
    present: undefined,
  };
  const chunks = chunksOf(laneBlock, {
    chunkLength,
    pageSize,
    dataRanges: undefined,
  });
  const length = chunks.count() * chunkLength;
  const lanes = laneCount(length, jobs);
  if (lanes < 2 && !directIo) return false;
  if (length === 0) return true;
  const task = laneTask([{ block: laneBlock, chunks }], {
    pageSize,
    chunkLength,
    directIo,
  });
  const ahead = directIo || laneBlock.wanted === undefined
    ? undefined
    : new LaneReadAhead(
      block,
      new PageBitmap(block.pageCount, laneBlock.wanted),
    );
  const report = new ProgressReport(usedLength, options.onProgress);
  report.idstr = idstr;
  const skipped = Math.max(0, usedLength - length);
  using pool = copyPool(lanes);
  ahead?.follow(0); // Reads ahead while the threads start.
  const flush = new BackgroundFlush(sink);
  const running = pool.run(task, {
    signal,
    onPoll() {
      const next = task.chunks[Atomics.load(task.control, CONTROL.next)];
      if (next !== undefined) ahead?.follow(next * chunkLength / pageSize);
      const done = Atomics.load(task.control, CONTROL.done) * chunkLength;
      const written = Atomics.load(task.control, CONTROL.writtenPages);
      report.done = Math.min(usedLength, skipped + done);
      report.zero = Math.max(0, report.done - written * pageSize);
      report.skipped = report.zero;
      report.tell();
      flush.wrote(written * pageSize);
    },
  });
  try {
    await running;
  } finally {
    await flush.settle();
  }
  return true;
}

function checkAligned({ name, pageSize, pagesOffset }: RAMBlock): void {
  checkDirectPages(name, pageSize);
  if (pagesOffset % DIRECT_ALIGNMENT === 0) return;
  throw new RangeError(
    `Cannot use direct I/O on ${JSON.stringify(name)}: its pages start at ` +
      `${pagesOffset}, expected a multiple of ${DIRECT_ALIGNMENT}`,
  );
}

function noFile(name: string): SourceError {
  return new SourceError(
    name,
    `Cannot use direct I/O on ${JSON.stringify(name)}: it is not a local file`,
  );
}
