import type { PageBitmap } from "../../format/bitmap/mod.ts";
import { sharedBitmap, sharedWords } from "../pages/mod.ts";
import type { RAMBlock } from "../reading/mod.ts";
import { type BackingFile, backingOf } from "../sources/mod.ts";
import { BackgroundFlush } from "../sinks/mod.ts";
import { laneCount } from "../lanes/mod.ts";
import {
  chunksOf,
  CONTROL,
  copyPool,
  copySteps,
  type LanePart,
  LaneReadAhead,
  laneTask,
} from "../workers/mod.ts";
import type { ComparedBlock } from "./compared_block.ts";
import { SharedPages } from "./shared_pages.ts";
import type { WritePagesOptions } from "./write_pages_here.ts";

/**
 * Bytes that a lane compares at a time, more than it would copy: reading two
 * files in larger parts takes an eighth less of the processor's time.
 */
const COMPARED = 0x100000;

/** Options of writing pages on other threads. */
interface LanesOptions extends WritePagesOptions {
  /** The file to write. */
  readonly to: BackingFile;
  /** The file of the base. */
  readonly from: BackingFile;
  readonly jobs: number;
}

/**
 * Writes the pages that differ from those of the base on other threads. Returns
 * their number; undefined, having written nothing, if the threads cannot read
 * the pages, or there are too few for them.
 */
export async function writePagesInLanes(
  blocks: readonly ComparedBlock[],
  { to, from, sink, clone, report, jobs, signal }: LanesOptions,
): Promise<number | undefined> {
  const pageSize = blocks[0]?.block.pageSize ?? 0;
  const chunkLength = Math.max(COMPARED, 8 * pageSize);
  const parts: LanePart[] = [];
  const backing = blocks[0] && backingOf(blocks[0].block);
  if (backing === undefined) return undefined;
  using shared = backing.kind === "file"
    ? SharedPages.open(backing, clone)
    : undefined;
  const left: { block: RAMBlock; pages: PageBitmap }[] = [];
  for (const { block, present, inBase } of blocks) {
    const pageCountMin = shared?.runMin(block);
    const pages = sharedBitmap(
      pageCountMin === undefined ? 0 : block.pageCount,
    );
    left.push({ block, pages });
    const { usedLength, pagesOffset } = block;
    const laneBlock = {
      from: backing,
      fromOffset: pagesOffset,
      fromLength: usedLength,
      wanted: present.bytes,
      usedLength,
      to,
      toOffset: pagesOffset,
      present: undefined,
      existing: { file: from, present: inBase.bytes },
      left: pageCountMin === undefined
        ? undefined
        : { pageCountMin, pages: sharedWords(pages) },
    };
    const sizes = { chunkLength, pageSize, dataRanges: undefined };
    parts.push({ block: laneBlock, chunks: chunksOf(laneBlock, sizes) });
  }
  const task = laneTask(parts, { pageSize, chunkLength, directIo: false });
  const { chunks, control } = task;
  const lanes = laneCount(chunks.length * chunkLength, jobs);
  if (lanes < 2) return undefined;
  const ahead = blocks.map(({ block, present, base, inBase }) => [
    new LaneReadAhead(block, present),
    new LaneReadAhead(base, inBase),
  ]);
  for (const it of ahead[0]) it.follow(0);
  // This thread is a lane, too, and works while the others start.
  using pool = copyPool(lanes - 1);
  const flush = new BackgroundFlush(sink);
  const { done: skipped, total } = report;
  try {
    await pool.run(task, {
      signal,
      steps: copySteps(task),
      onPoll() {
        const done = Atomics.load(control, CONTROL.done);
        const chunk = chunks[Math.min(done, chunks.length - 1)];
        const index = task.blocks.findLastIndex((it) => it.firstChunk <= chunk);
        const page = (chunk - task.blocks[index].firstChunk) * chunkLength /
          pageSize;
        for (const it of ahead[index]) it.follow(page);
        report.idstr = blocks[index].block.idstr;
        report.done = skipped + (total - skipped) * done / chunks.length;
        report.tell();
        const written = Atomics.load(control, CONTROL.writtenPages);
        flush.wrote(written * pageSize);
      },
    });
  } finally {
    await flush.settle();
  }
  for (const { block, pages } of left) shared?.share(block, pages);
  return Atomics.load(control, CONTROL.writtenPages);
}
