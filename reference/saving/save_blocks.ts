import { blockRange, type PageBitmap } from "../../format/bitmap/mod.ts";
import type { ByteRange } from "../../format/bytes/mod.ts";
import { PageBuffer } from "../pages/mod.ts";
import { RAMBlock } from "../reading/mod.ts";
import { BackgroundFlush, type ByteSink } from "../sinks/mod.ts";
import type { ByteSource, ReadOptions } from "../sources/mod.ts";
import {
  CHUNK,
  chunkBytes,
  chunksTouched,
  Pace,
  type ProgressReport,
} from "../work/mod.ts";
import type { RAMBlockWriter } from "./ram_block_writer.ts";
import type { RAMBlockInput, SaveSummary } from "./save_options.ts";
import type { SnapshotWriter } from "./snapshot_writer.ts";

/** Saves blocks one after another, from any source to any sink. */
export async function saveBlocks(
  writer: SnapshotWriter,
  blocks: readonly RAMBlockInput[],
  options: ReadOptions & {
    readonly report: ProgressReport;
    readonly sink: ByteSink;
  },
): Promise<void> {
  const chunk = Math.max(CHUNK, writer.blocks[0]?.pageSize ?? 0);
  const buffer = new PageBuffer(chunk);
  const pace = new Pace(options.signal);
  const flush = new BackgroundFlush(options.sink);
  const parts: { input: RAMBlockInput; chunks: PageBitmap }[] = [];
  for (const input of blocks) {
    const { usedLength } = writer.block(input.idstr);
    const size = { byteLength: usedLength, chunkLength: chunk };
    const ranges = await dataRangesOf(input, usedLength, options);
    const chunks = chunksTouched(ranges, size);
    options.report.skip(usedLength - chunkBytes(chunks, size));
    parts.push({ input, chunks });
  }
  try {
    for (const { input, chunks } of parts) {
      const block = writer.block(input.idstr);
      const blockOptions = { ...options, chunk, chunks, buffer, pace, flush };
      await saveBlock(block, input, blockOptions);
    }
  } finally {
    await flush.settle();
  }
}

/** Returns the ranges of a block that may be nonzero, as far as is known. */
async function dataRangesOf(
  { source, dataRanges }: RAMBlockInput,
  usedLength: number,
  { signal }: ReadOptions,
): Promise<Iterable<ByteRange>> {
  if (dataRanges !== undefined) return dataRanges;
  return source instanceof RAMBlock
    ? rangesOf(await source.presentPages(undefined, { signal }), source)
    : [{ offset: 0, length: usedLength }];
}

function* rangesOf(
  pages: PageBitmap,
  { pageSize }: RAMBlock,
): Generator<ByteRange> {
  for (const run of pages.runs()) yield blockRange(pageSize, run);
}

async function saveBlock(
  block: RAMBlockWriter,
  { idstr, source }: RAMBlockInput,
  options: ReadOptions & {
    readonly report: ProgressReport;
    readonly chunk: number;
    readonly chunks: PageBitmap;
    readonly buffer: PageBuffer;
    readonly pace: Pace;
    readonly flush: BackgroundFlush;
  },
): Promise<void> {
  const { report, chunk, chunks, buffer, pace, flush } = options;
  const { usedLength, pageSize } = block;
  report.idstr = idstr;
  for (const run of chunks.runs()) {
    for (let number = run.first; number < run.end; number++) {
      const offset = number * chunk;
      const length = Math.min(chunk, usedLength - offset);
      const part = { buffer, offset, length };
      const stored = await saveChunk(block, source, part, options);
      report.advance(length, length - stored * pageSize);
      report.tell();
      flush.wrote(report.done - report.zero);
      await pace.step();
    }
  }
  report.tell();
}

/** Saves a part of a block; returns how many of its pages are stored. */
export async function saveChunk(
  block: RAMBlockWriter,
  source: ByteSource,
  part: {
    readonly buffer: PageBuffer;
    readonly offset: number;
    readonly length: number;
  },
  options: ReadOptions,
): Promise<number> {
  const { buffer, offset, length } = part;
  const { pageSize } = block;
  const bytes = buffer.bytes.subarray(0, length);
  const given = Math.max(0, Math.min(length, source.byteLength - offset));
  if (given > 0) {
    await source.readInto(bytes.subarray(0, given), offset, options);
  }
  bytes.fill(0, given);
  const nonZero = buffer.nonZeroPages(pageSize, length / pageSize);
  await block.writePages(offset / pageSize, { bytes, nonZero });
  return nonZero.count();
}

/** Returns each RAMBlock with the number of its stored pages. */
export function summaryOf(
  blocks: readonly RAMBlockWriter[],
): Promise<SaveSummary["blocks"]> {
  return Promise.all(blocks.map(async (block) => ({
    idstr: block.idstr,
    pageCount: block.pageCount,
    presentCount: await block.presentCount(),
  })));
}
