import { PageBitmap, type PageRun } from "../../format/bitmap/mod.ts";
import type { RAMBlock, Snapshot } from "../reading/mod.ts";
import { createSnapshot, type RAMBlockWriter } from "../saving/mod.ts";
import type { ByteSink } from "../sinks/mod.ts";
import type { ReadOptions } from "../sources/mod.ts";
import { CHUNK } from "../work/mod.ts";
import { checkOwnFile } from "./own_file.ts";
import { findStalePages, type StaleOptions } from "./stale_pages.ts";

/** Options of writing a device-only stream. */
export interface DeviceOnlyOptions extends StaleOptions {
  /** Names of the RAMBlocks that QEMU maps; the others are copied. */
  readonly mapped: readonly string[];
  /**
   * The path that QEMU maps them from. If it no longer leads to the file that
   * the snapshot was opened from, nothing is written.
   */
  readonly path?: string | undefined;
}

/** What was written. */
export interface DeviceOnlySummary {
  /** Size of the stream in bytes, including holes. */
  readonly byteLength: number;
  /** Number of pages copied, of RAMBlocks that are not mapped. */
  readonly copiedCount: number;
  /**
   * Number of pages of the mapped blocks that are zeroed, because the file
   * still holds their old contents.
   */
  readonly staleCount: number;
}

/**
 * Writes what QEMU loads in addition to the RAM that it maps: a mapped-ram file
 * of the same machine and device state, in which the mapped blocks have no
 * pages except zeros for those that are stale in the file.
 *
 * If the file has holes, pass `dataRanges`; otherwise every zero page of the
 * mapped blocks is read to check it.
 *
 * @throws {RangeError} if there is no such block
 * @throws {SourceError} if the snapshot cannot be read, the sink cannot be
 * written, or another file is at the path
 *
 * @example
 * ```ts
 * import {
 *   memorySink,
 *   memorySource,
 *   openSnapshot,
 *   saveSnapshot,
 * } from "../../mod.ts";
 * import { writeDeviceOnly } from "../doors/qemu.ts";
 * import assert from "node:assert/strict";
 *
 * const saved = memorySink();
 * const ram = memorySource(new Uint8Array(0x10000).fill(1));
 * await saveSnapshot(saved, [{ idstr: "pc.ram", source: ram }]);
 * const snapshot = await openSnapshot(memorySource(saved.bytes()));
 *
 * const sink = memorySink();
 * await writeDeviceOnly(snapshot, sink, { mapped: ["pc.ram"] });
 * const stream = await openSnapshot(memorySource(sink.bytes()));
 * assert.equal(await stream.block("pc.ram").hasPage(0), false);
 * ```
 */
export async function writeDeviceOnly(
  snapshot: Snapshot,
  sink: ByteSink,
  options: DeviceOnlyOptions,
): Promise<DeviceOnlySummary> {
  const { mapped, path, ...staleOptions } = options;
  for (const idstr of mapped) snapshot.block(idstr);
  try {
    const writer = await createSnapshot(sink, snapshot.blocks, {
      deviceStateFrom: snapshot,
    });
    let copiedCount = 0;
    let staleCount = 0;
    for (const block of snapshot.blocks) {
      const target = writer.block(block.idstr);
      if (mapped.includes(block.idstr)) {
        const stale = await findStalePages(
          snapshot.source,
          block,
          staleOptions,
        );
        for (const run of stale) staleCount += await writeZeros(target, run);
      } else copiedCount += await copyPages(block, target, options);
    }
    snapshot.source.checkUnchanged?.();
    if (path !== undefined) checkOwnFile(snapshot, path);
    await writer.finish();
    return { byteLength: writer.byteLength, copiedCount, staleCount };
  } catch (error) {
    await sink.abort().catch(() => {});
    throw error;
  }
}

/** Copies the stored pages only. */
async function copyPages(
  block: RAMBlock,
  target: RAMBlockWriter,
  options: ReadOptions,
): Promise<number> {
  const { signal } = options;
  let count = 0;
  for await (const run of block.presentRuns({ signal })) {
    for (const part of partsOf(run, block.pageSize)) {
      const offset = part.first * block.pageSize;
      const bytes = new Uint8Array((part.end - part.first) * block.pageSize);
      await block.readInto(bytes, offset, { signal });
      count += await writeRun(target, part, bytes);
    }
  }
  return count;
}

/** Stores zeros, which QEMU writes over the mapped memory. */
async function writeZeros(
  target: RAMBlockWriter,
  run: PageRun,
): Promise<number> {
  let count = 0;
  for (const part of partsOf(run, target.pageSize)) {
    const bytes = new Uint8Array((part.end - part.first) * target.pageSize);
    count += await writeRun(target, part, bytes);
  }
  return count;
}

/** Writes a run of pages, including zero pages. */
async function writeRun(
  target: RAMBlockWriter,
  { first, end }: PageRun,
  bytes: Uint8Array,
): Promise<number> {
  const all = new PageBitmap(end - first);
  for (let page = 0; page < all.pageCount; page++) all.set(page);
  await target.writePages(first, { bytes, nonZero: all });
  return end - first;
}

function* partsOf(run: PageRun, pageSize: number): Generator<PageRun> {
  const step = Math.max(1, Math.floor(CHUNK / pageSize));
  for (let first = run.first; first < run.end; first += step) {
    yield { first, end: Math.min(run.end, first + step) };
  }
}
