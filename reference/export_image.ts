import type { PageRun } from "../format/mod.ts";
import { CHUNK, PARALLEL_CHUNK } from "./chunk.ts";
import { inLanes } from "./lanes.ts";
import { Pace } from "./pace.ts";
import { exportInLanes } from "./parallel/export_in_lanes.ts";
import type { RAMBlock } from "./ram_block.ts";
import type { Progress } from "./progress.ts";
import type { ByteSink } from "./sinks/byte_sink.ts";
import type { ReadOptions } from "./sources/byte_source.ts";

/** Most runs in a batch: a server may not like a longer Range header. */
const RUNS_MAX = 64;

/** How to export. */
export interface ExportOptions extends ReadOptions {
  /** Is told now and then how far the work has come. */
  readonly onProgress?: ((progress: Progress) => void) | undefined;
  /**
   * How many threads may work at once, where a file of this machine is written to
   * another. Default: 1, the thread of the caller.
   */
  readonly jobs?: number | undefined;
  /** Whether to read and write pages around the page cache. Default: false. */
  readonly directIo?: boolean | undefined;
  /**
   * Whether to commit the sink in the end and to abort it after a failure; where
   * not, the caller does. Default: true.
   */
  readonly commit?: boolean | undefined;
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
  const { commit = true } = options;
  try {
    await sink.setLength(block.usedLength);
    // An ignored block has nothing to export; reading it says so.
    if (block.ignored) await block.readInto(new Uint8Array(0), 0);
    const done = await exportInLanes(block, sink, options);
    if (!done) await exportHere(block, sink, options);
    if (commit) await sink.commit();
  } catch (error) {
    if (commit) await sink.abort();
    throw error;
  }
}

/** Exports in this thread, from any source to any sink. */
async function exportHere(
  block: RAMBlock,
  sink: ByteSink,
  options: ExportOptions,
): Promise<void> {
  const { idstr, usedLength: total, pageSize } = block;
  const { signal, onProgress } = options;
  const pace = new Pace(signal);
  const { parallelReads = 1 } = block;
  const size = Math.max(parallelReads > 1 ? PARALLEL_CHUNK : CHUNK, pageSize);
  const lanes = Array.from(
    { length: parallelReads },
    () => new Uint8Array(size),
  );
  const batches = presentBatches(block, size / pageSize, signal);
  await inLanes(lanes, batches, async (runs, buffer) => {
    await block.readRunsInto(buffer, runs, options);
    let position = 0;
    for (const { first, end } of runs) {
      const length = (end - first) * pageSize;
      const bytes = buffer.subarray(position, position + length);
      await sink.write(bytes, first * pageSize);
      position += length;
      onProgress?.({ idstr, done: end * pageSize, total });
    }
    await pace.step();
  });
}

/** The runs of a block's present pages in batches of at most `pages` pages. */
async function* presentBatches(
  block: RAMBlock,
  pages: number,
  signal: AbortSignal | undefined,
): AsyncGenerator<PageRun[]> {
  let batch: PageRun[] = [];
  let room = pages;
  for await (const run of block.presentRuns({ signal })) {
    for (let first = run.first; first < run.end;) {
      const end = Math.min(run.end, first + room);
      batch.push({ first, end });
      room -= end - first;
      first = end;
      if (room > 0 && batch.length < RUNS_MAX) continue;
      yield batch;
      batch = [];
      room = pages;
    }
  }
  if (batch.length > 0) yield batch;
}
