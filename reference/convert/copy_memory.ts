import type { PageRun } from "../../format/bitmap/mod.ts";
import { isZero } from "../pages/mod.ts";
import { BackgroundFlush, type ByteSink } from "../sinks/mod.ts";
import type { ReadOptions } from "../sources/mod.ts";
import { CHUNK, Pace } from "../work/mod.ts";
import type { MemoryBlock } from "./memory_image.ts";

/** A part of a block, and where it is copied to. */
export interface MemoryPart {
  readonly block: MemoryBlock;
  /** Where the part starts in the block. */
  readonly offset: number;
  /** Number of bytes. */
  readonly length: number;
  /** Where its first byte is written in the sink. */
  readonly position: number;
}

/** Options of copying memory. */
export interface CopyOptions extends ReadOptions {
  /** Called with the number of bytes of memory done. */
  readonly onDone?: ((byteLength: number) => void) | undefined;
}

/** Copies a part of a block to a sink; zeros become holes. */
export async function copyMemory(
  { block, offset, length, position }: MemoryPart,
  sink: ByteSink,
  options: CopyOptions = {},
): Promise<void> {
  const { signal, onDone } = options;
  const { pageSize } = block;
  const pace = new Pace(signal);
  const flush = new BackgroundFlush(sink);
  let written = 0;
  const buffer = new Uint8Array(Math.min(CHUNK, length));
  const end = offset + length;
  let done = offset;
  try {
    await copyRuns();
  } finally {
    await flush.settle();
  }

  async function copyRuns(): Promise<void> {
    for await (
      const run of block.presentRuns({
        signal,
        first: Math.floor(offset / pageSize),
        end: Math.ceil(end / pageSize),
      })
    ) {
      const [from, to] = bytesOf(run, pageSize, offset, end);
      for (let at = from; at < to;) {
        const part = buffer.subarray(0, Math.min(buffer.length, to - at));
        await block.readInto(part, at, options);
        // Sources that do not know their zero pages return zeros as bytes.
        if (!isZero(part)) {
          await sink.write(part, position + at - offset);
          written += part.length;
          flush.wrote(written);
        }
        at += part.length;
        onDone?.(at - done);
        done = at;
        await pace.step();
      }
    }
    onDone?.(end - done);
  }
}

/** Returns the bytes of a run that are inside [start, end). */
function bytesOf(
  run: PageRun,
  pageSize: number,
  start: number,
  end: number,
): [number, number] {
  return [
    Math.max(start, run.first * pageSize),
    Math.min(end, run.end * pageSize),
  ];
}
