import { blockRange, PageBitmap } from "../../format/bitmap/mod.ts";
import type { ByteRange } from "../../format/bytes/mod.ts";
import { sharedBitmap } from "../pages/mod.ts";
import { RAMBlock } from "../reading/mod.ts";
import {
  backingOf,
  type ByteSource,
  type ReadOptions,
} from "../sources/mod.ts";
import { CHUNK, chunksTouched } from "../work/mod.ts";
import { CONTROL, type LaneBlock, type LaneTask } from "./lane_task.ts";

/** Chunk length for direct I/O, where each access waits for the disk. */
const DIRECT_CHUNK = 0x100000;

/**
 * Returns the bytes of a chunk: at least 8 pages, so that it covers whole bytes
 * of the bitmap.
 */
export function chunkLengthOf(pageSize: number, directIo: boolean): number {
  return Math.max(directIo ? DIRECT_CHUNK : CHUNK, 8 * pageSize);
}

/** The source of a block for a lane, and the pages to copy from it. */
export type LaneInput = Pick<
  LaneBlock,
  "from" | "fromOffset" | "fromLength" | "wanted"
>;

/**
 * Returns how a lane can read a source; undefined if only the calling thread
 * can read it.
 */
export async function laneInput(
  source: ByteSource,
  options: ReadOptions,
): Promise<LaneInput | undefined> {
  const from = backingOf(source);
  if (from === undefined) return undefined;
  if (!(source instanceof RAMBlock)) {
    const { byteLength } = source;
    return { from, fromOffset: 0, fromLength: byteLength, wanted: undefined };
  }
  if (source.ignored) return undefined;
  const bits = sharedBitmap(source.pageCount);
  const { bytes: wanted } = await source.presentPages(bits, options);
  const { pagesOffset, usedLength } = source;
  return { from, fromOffset: pagesOffset, fromLength: usedLength, wanted };
}

/** Returns the chunks of a block that hold anything to copy. */
export function chunksOf(
  block: LaneInput & { readonly usedLength: number },
  options: {
    readonly chunkLength: number;
    readonly pageSize: number;
    readonly dataRanges: Iterable<ByteRange> | undefined;
  },
): PageBitmap {
  const { chunkLength, pageSize, dataRanges } = options;
  const byteLength = Math.min(block.usedLength, block.fromLength);
  const all = [{ offset: 0, length: byteLength }];
  const ranges = block.wanted === undefined ? dataRanges ?? all : Array.from(
    new PageBitmap(Math.ceil(byteLength / pageSize), block.wanted).runs(),
    (run) => blockRange(pageSize, run),
  );
  return chunksTouched(ranges, { byteLength, chunkLength });
}

/** A block of a task, and the chunks of it to copy. */
export interface LanePart {
  readonly block: Omit<LaneBlock, "firstChunk">;
  readonly chunks: PageBitmap;
}

/** Creates a task from blocks and the chunks of each to copy. */
export function laneTask(
  parts: readonly LanePart[],
  options: Pick<LaneTask, "pageSize" | "chunkLength" | "directIo">,
): LaneTask {
  const count = parts.reduce((sum, { chunks }) => sum + chunks.count(), 0);
  const numbers = sharedArray(Uint32Array, count);
  let filled = 0;
  let firstChunk = 0;
  const placed = parts.map(({ block, chunks }) => {
    for (const { first, end } of chunks.runs()) {
      for (let it = first; it < end; it++) numbers[filled++] = firstChunk + it;
    }
    const laneBlock = { ...block, firstChunk };
    firstChunk += Math.ceil(block.usedLength / options.chunkLength);
    return laneBlock;
  });
  const control = sharedArray(Int32Array, CONTROL.length);
  return { ...options, blocks: placed, chunks: numbers, control };
}

function sharedArray<T extends Uint32Array | Int32Array>(
  type: new (buffer: SharedArrayBuffer) => T,
  length: number,
): T {
  return new type(new SharedArrayBuffer(4 * length));
}
