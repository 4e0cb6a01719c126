import { rangeEnd } from "../../format/bytes/mod.ts";
import { isZero } from "../pages/mod.ts";
import { presentRanges } from "../reading/mod.ts";
import { BackgroundFlush, type ByteSink } from "../sinks/mod.ts";
import type { ReadOptions } from "../sources/mod.ts";
import { CHUNK, Pace, type ProgressReport } from "../work/mod.ts";
import type { MemoryPart } from "./memory_image.ts";

/** A part of a block, and where it is copied to. */
export interface PlacedPart extends MemoryPart {
  /** Where its first byte is written in the sink. */
  readonly position: number;
}

/** Options of copying memory. */
export interface CopyOptions extends ReadOptions {
  /** Counts the bytes that are read, which are those of present pages. */
  readonly report: ProgressReport;
}

/** Copies a part of a block to a sink; zeros become holes. */
export async function copyMemory(
  { block, offset, length, position }: PlacedPart,
  sink: ByteSink,
  options: CopyOptions,
): Promise<void> {
  const { signal, report } = options;
  report.idstr = block.idstr;
  const pace = new Pace(signal);
  const flush = new BackgroundFlush(sink);
  let written = 0;
  const buffer = new Uint8Array(Math.min(CHUNK, length));
  try {
    await copyRuns();
  } finally {
    await flush.settle();
  }

  async function copyRuns(): Promise<void> {
    const ranges = presentRanges(block, { offset, length, signal });
    for await (const range of ranges) {
      const to = rangeEnd(range);
      for (let at = range.offset; at < to;) {
        const part = buffer.subarray(0, Math.min(buffer.length, to - at));
        await block.readInto(part, at, options);
        // Sources that do not know their zero pages return zeros as bytes.
        const zero = isZero(part);
        if (!zero) {
          await sink.write(part, position + at - offset);
          written += part.length;
          flush.wrote(written);
        }
        at += part.length;
        report.advance(part.length, zero ? part.length : 0);
        report.tell();
        await pace.step();
      }
    }
    report.tell();
  }
}
