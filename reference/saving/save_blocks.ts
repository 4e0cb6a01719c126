import { type ByteRange, PageBitmap } from "../../format/mod.ts";
import { PageBuffer } from "../pages/mod.ts";
import { BackgroundFlush, type ByteSink } from "../sinks/mod.ts";
import type { ByteSource, ReadOptions } from "../sources/mod.ts";
import { CHUNK, Pace, type ProgressReport } from "../work/mod.ts";
import type { RAMBlockWriter } from "./ram_block_writer.ts";
import type { RAMBlockInput } from "./save_options.ts";
import type { SnapshotWriter } from "./snapshot_writer.ts";

/** Saves blocks one after the other, from any source to any sink. */
export async function saveBlocks(
  writer: SnapshotWriter,
  blocks: readonly RAMBlockInput[],
  options: ReadOptions & {
    readonly report: ProgressReport;
    readonly sink: ByteSink;
  },
): Promise<void> {
  const { signal, report, sink } = options;
  const pace = new Pace(signal);
  const chunk = Math.max(CHUNK, writer.blocks[0]?.pageSize ?? 0);
  const buffer = new PageBuffer(chunk);
  const flush = new BackgroundFlush(sink);
  try {
    await saveAll();
  } finally {
    await flush.settle();
  }

  async function saveAll(): Promise<void> {
    for (const { idstr, source, dataRanges } of blocks) {
      const block = writer.block(idstr);
      report.idstr = idstr;
      const before = report.done;
      for (const run of chunksWithData(block, chunk, dataRanges).runs()) {
        for (let number = run.first; number < run.end; number++) {
          const offset = number * chunk;
          const length = Math.min(chunk, block.usedLength - offset);
          const stored = await saveChunk(
            block,
            source,
            { buffer, offset, length },
            options,
          );
          const skipped = before + offset - report.done;
          report.skipped += skipped;
          report.zero += skipped + length - stored * block.pageSize;
          report.done = before + offset + length;
          report.tell();
          flush.wrote(report.done - report.zero);
          await pace.step();
        }
      }
      const skipped = before + block.usedLength - report.done;
      report.skipped += skipped;
      report.zero += skipped;
      report.done = before + block.usedLength;
      report.tell();
    }
  }
}

/** The parts of so many bytes in which the source may hold something. */
function chunksWithData(
  { usedLength }: RAMBlockWriter,
  chunk: number,
  dataRanges: Iterable<ByteRange> | undefined,
): PageBitmap {
  const chunks = new PageBitmap(Math.ceil(usedLength / chunk));
  const all = [{ offset: 0, length: usedLength }];
  for (const { offset, length } of dataRanges ?? all) {
    const end = Math.min(
      chunks.pageCount,
      Math.ceil((offset + length) / chunk),
    );
    for (let it = Math.floor(offset / chunk); it < end; it++) chunks.set(it);
  }
  return chunks;
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
  await block.writePages(offset / pageSize, bytes, nonZero);
  return nonZero.count();
}
