import type { ByteRange } from "../format/mod.ts";
import { CHUNK, PARALLEL_CHUNK } from "./chunk.ts";
import { inLanes } from "./lanes.ts";
import { Pace } from "./pace.ts";
import type { RAMBlock } from "./ram_block.ts";
import type { Progress } from "./progress.ts";
import type { ByteSink } from "./sinks/byte_sink.ts";
import type { ReadOptions } from "./sources/byte_source.ts";

/** How to export. */
export interface ExportOptions extends ReadOptions {
  /** Is told now and then how far the work has come. */
  readonly onProgress?: ((progress: Progress) => void) | undefined;
}

/**
 * Writes the memory of a RAMBlock to a sink as a flat image, and commits it.
 * Zero pages are holes. A failure aborts the sink.
 *
 * @throws {SourceError} if pages cannot be read or the sink not written
 *
 * @example
 * ```ts
 * import {
 *   exportImage,
 *   memorySink,
 *   memorySource,
 *   openSnapshot,
 *   saveSnapshot,
 * } from "../mod.ts";
 * import assert from "node:assert/strict";
 *
 * const ram = new Uint8Array(0x3000).fill(5, 0x1000, 0x2000);
 * const saved = memorySink();
 * await saveSnapshot(saved, [{ idstr: "ram", source: memorySource(ram) }]);
 *
 * const snapshot = await openSnapshot(memorySource(saved.bytes()));
 * const image = memorySink();
 * await exportImage(snapshot.block("ram"), image);
 * assert.deepEqual(image.bytes(), ram);
 * ```
 */
export async function exportImage(
  block: RAMBlock,
  sink: ByteSink,
  options: ExportOptions = {},
): Promise<void> {
  const { idstr, usedLength: total } = block;
  const { signal, onProgress } = options;
  try {
    const pace = new Pace(signal);
    await sink.setLength(total);
    // An ignored block has nothing to export; reading it says so.
    if (block.ignored) await block.readInto(new Uint8Array(0), 0);
    const { parallelReads = 1 } = block;
    const size = parallelReads > 1 ? PARALLEL_CHUNK : CHUNK;
    const lanes = Array.from(
      { length: parallelReads },
      () => new Uint8Array(size),
    );
    const chunks = presentChunks(block, size, signal);
    await inLanes(lanes, chunks, async (chunk, lane) => {
      const { offset, length, wantedUntil } = chunk;
      const bytes = lane.subarray(0, length);
      await block.readInto(bytes, offset, { ...options, wantedUntil });
      await sink.write(bytes, offset);
      onProgress?.({ idstr, done: offset + length, total });
      await pace.step();
    });
    await sink.commit();
  } catch (error) {
    await sink.abort();
    throw error;
  }
}

/** The present pages of a block, in pieces of at most `size` bytes. */
async function* presentChunks(
  block: RAMBlock,
  size: number,
  signal: AbortSignal | undefined,
): AsyncGenerator<ByteRange & { readonly wantedUntil: number }> {
  const { pageSize, pagesOffset } = block;
  for await (const run of block.presentRuns({ signal })) {
    const end = run.end * pageSize;
    for (let offset = run.first * pageSize; offset < end; offset += size) {
      yield {
        offset,
        length: Math.min(size, end - offset),
        wantedUntil: pagesOffset + end,
      };
    }
  }
}
