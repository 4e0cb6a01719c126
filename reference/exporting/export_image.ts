import { blockRange } from "../../format/bitmap/mod.ts";
import { absentBytes, type RAMBlock } from "../reading/mod.ts";
import { BackgroundFlush, type ByteSink } from "../sinks/mod.ts";
import { inLanes, Pace, ProgressReport } from "../work/mod.ts";
import type { ExportOptions } from "./export_options.ts";
import { presentBatches } from "./present_batches.ts";

/**
 * Writes the memory of a RAMBlock to a sink as a flat image and commits it.
 * Zero pages become holes. A failure aborts the sink.
 *
 * @throws {SourceError} if pages cannot be read or the sink cannot be written
 *
 * @example
 * ```ts
 * import {
 *   exportImage,
 *   memorySink,
 *   memorySource,
 *   openSnapshot,
 *   saveSnapshot,
 * } from "../../mod.ts";
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
  const { commit = true, jobs = 1, directIo = false } = options;
  try {
    await sink.setLength(block.usedLength);
    // An ignored block has no pages in the file: reading it throws that error.
    if (block.ignored) await block.readInto(new Uint8Array(0), 0);
    let done = false;
    if (jobs > 1 || directIo) {
      const { exportInLanes } = await import("./export_in_lanes.ts");
      done = await exportInLanes(block, sink, options);
    }
    if (!done) await exportHere(block, sink, options);
    block.checkUnchanged?.();
    if (commit) await sink.commit();
  } catch (error) {
    if (commit) await sink.abort().catch(() => {});
    throw error;
  }
}

/** Exports on the calling thread, from any source to any sink. */
async function exportHere(
  block: RAMBlock,
  sink: ByteSink,
  options: ExportOptions,
): Promise<void> {
  const { idstr, usedLength: total, pageSize, parallelReads = 1 } = block;
  const { signal, onProgress } = options;
  const pace = new Pace(signal);
  const lanes = Array.from({ length: parallelReads });
  const flush = new BackgroundFlush(sink);
  let written = 0;
  const report = new ProgressReport(total, onProgress);
  report.idstr = idstr;
  if (onProgress !== undefined) {
    report.skip(await absentBytes([block], { signal }));
  }
  try {
    await inLanes(lanes, presentBatches(block, { signal }), async (runs) => {
      for (const run of runs) {
        block.willNeed?.(blockRange(pageSize, run));
      }
      await block.streamRuns(runs, async (bytes, { offset }) => {
        await sink.write(bytes, offset);
        flush.wrote(written += bytes.length);
        // The source may pass bytes more than once.
        report.done = Math.min(total, report.done + bytes.length);
        report.tell();
        await pace.step();
      }, options);
    });
  } finally {
    await flush.settle();
  }
}
