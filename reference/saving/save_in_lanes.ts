import { sharedWords } from "../pages/mod.ts";
import { BackgroundFlush, type ByteSink } from "../sinks/mod.ts";
import { type BackingFile, backingOf, SourceError } from "../sources/mod.ts";
import type { ProgressReport } from "../work/mod.ts";
import { isSparse, laneCount } from "../lanes/mod.ts";
import {
  checkDirectPages,
  chunkLengthOf,
  chunksOf,
  CONTROL,
  copyPool,
  type LaneBlock,
  laneInput,
  type LanePart,
  type LaneTask,
  laneTask,
} from "../workers/mod.ts";
import type { RAMBlockInput, SaveOptions } from "./save_options.ts";
import type { SnapshotWriter } from "./snapshot_writer.ts";

/** The result of `saveInLanes`. */
interface LanesResult {
  /** The blocks that the caller's thread still has to save. */
  readonly remaining: readonly RAMBlockInput[];
  /** Pages that were in the file already. */
  readonly keptPages: number;
}

/**
 * Saves the blocks that other threads can read, to a sink that they can write.
 * Returns the other blocks, for the caller's thread.
 */
export async function saveInLanes(
  writer: SnapshotWriter,
  inputs: readonly RAMBlockInput[],
  sink: ByteSink,
  options: SaveOptions & { readonly report: ProgressReport },
): Promise<LanesResult> {
  const { jobs = 1, directIo = false, resume = false, report } = options;
  const to = backingOf(sink);
  if (to?.kind !== "file") {
    if (directIo || resume) throw noFile(directIo, sink.name);
    return { remaining: inputs, keptPages: 0 };
  }
  const pageSize = writer.blocks[0]?.pageSize ?? 4096;
  if (directIo) checkDirectPages(sink.name, pageSize);
  const chunkLength = chunkLengthOf(pageSize, directIo);
  const parts: LanePart[] = [];
  const names: string[] = [];
  const remaining: RAMBlockInput[] = [];
  for (const input of inputs) {
    const block = await laneBlock(writer, input, to, options);
    if (block === undefined) {
      if (directIo) throw noFile(true, input.source.name);
      remaining.push(input);
      continue;
    }
    const { dataRanges } = input;
    const chunks = chunksOf(block, { chunkLength, pageSize, dataRanges });
    parts.push({ block, chunks });
    names.push(input.idstr);
  }
  const task = laneTask(parts, { pageSize, chunkLength, directIo });
  const work = task.chunks.length * chunkLength;
  const lanes = laneCount(work, jobs);
  if (lanes < 2 && !directIo && !resume) {
    return { remaining: inputs, keptPages: 0 };
  }
  const total = parts.reduce((sum, { block }) => sum + block.usedLength, 0);
  const skipped = Math.max(0, total - work);
  if (task.chunks.length > 0) {
    using pool = copyPool(lanes);
    const flush = new BackgroundFlush(sink);
    const onPoll = () => {
      tell(task, report, { names, skipped });
      flush.wrote(Atomics.load(task.control, CONTROL.writtenPages) * pageSize);
    };
    try {
      await pool.run(task, { signal: options.signal, onPoll });
    } finally {
      await flush.settle();
    }
  }
  report.done = total;
  return { remaining, keptPages: task.control[CONTROL.keptPages] };
}

async function laneBlock(
  writer: SnapshotWriter,
  { idstr, source, dataRanges }: RAMBlockInput,
  to: BackingFile,
  options: SaveOptions,
): Promise<Omit<LaneBlock, "firstChunk"> | undefined> {
  const input = await laneInput(source, options);
  if (input === undefined) return undefined;
  const block = writer.block(idstr);
  const present = sharedWords(await block.bitmap());
  return {
    ...input,
    // If data ranges are given, no holes are read.
    isSparse: dataRanges === undefined && input.from.kind === "file" &&
      isSparse(input.from),
    usedLength: block.usedLength,
    to,
    toOffset: block.pagesOffset,
    present,
    existing: options.resume ? { file: to } : undefined,
  };
}

/** Reports the progress of the lanes. */
function tell(
  { control, chunks, chunkLength, pageSize, blocks }: LaneTask,
  report: ProgressReport,
  { names, skipped }: {
    readonly names: readonly string[];
    readonly skipped: number;
  },
): void {
  const done = Atomics.load(control, CONTROL.done);
  const zeroPages = Atomics.load(control, CONTROL.zeroPages);
  const chunk = chunks[Math.min(done, chunks.length - 1)];
  const index = blocks.findLastIndex((it) => it.firstChunk <= chunk);
  report.idstr = names[index];
  report.done = skipped + done * chunkLength;
  // Most zero pages of a sparse file are holes, which are not read.
  const isSparse = blocks.some((block) => block.isSparse);
  report.skipped = skipped + (isSparse ? zeroPages * pageSize : 0);
  report.zero = skipped + zeroPages * pageSize;
  report.tell();
}

function noFile(directIo: boolean, name: string): SourceError {
  return new SourceError(
    name,
    `Cannot ${directIo ? "use direct I/O on" : "resume"} ${
      JSON.stringify(name)
    }: it is not a local file`,
  );
}
