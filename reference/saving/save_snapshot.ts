import { alignUp } from "../../format/bitmap/mod.ts";
import { RAMBlock } from "../reading/mod.ts";
import type { ByteSink } from "../sinks/mod.ts";
import type { ByteSource } from "../sources/mod.ts";
import { ProgressReport } from "../work/mod.ts";
import { saveBlocks, summaryOf } from "./save_blocks.ts";
import type {
  RAMBlockInput,
  SaveOptions,
  SaveSummary,
} from "./save_options.ts";
import { createSnapshot, type SnapshotWriter } from "./snapshot_writer.ts";

/**
 * Saves RAMBlocks to a sink, without zero pages, and commits it. A failure
 * aborts the sink and leaves an existing file unchanged.
 *
 * @throws {RangeError} if a name or a length is invalid
 * @throws {UnsupportedError} if a source is a block of a snapshot that was
 *   saved without its pages
 * @throws {SourceError} if memory cannot be read or the sink cannot be written
 *
 * @example
 * ```ts
 * import { memorySink, memorySource, saveSnapshot } from "../../mod.ts";
 * import assert from "node:assert/strict";
 *
 * const ram = new Uint8Array(0x10000);
 * ram[0x3000] = 1;
 * const { blocks } = await saveSnapshot(memorySink(), [{
 *   idstr: "ram",
 *   source: memorySource(ram),
 * }]);
 * assert.deepEqual(blocks, [{ idstr: "ram", pageCount: 16, presentCount: 1 }]);
 * ```
 */
export async function saveSnapshot(
  sink: ByteSink,
  blocks: readonly RAMBlockInput[],
  options: SaveOptions = {},
): Promise<SaveSummary> {
  let writer: SnapshotWriter | undefined;
  let kept: { readonly keptPages?: number } = {};
  const { jobs = 1, directIo = false, resume = false } = options;
  try {
    for (const { source } of blocks) {
      // Throws for blocks without pages before anything is written.
      const isIgnored = source instanceof RAMBlock && source.ignored;
      if (isIgnored) await source.readInto(new Uint8Array(0), 0);
    }
    writer = await createSnapshot(
      sink,
      blocks.map(({ idstr, source, usedLength }) => ({
        idstr,
        usedLength: usedLength ?? source.byteLength,
      })),
      options,
    );
    const total = writer.blocks.reduce((sum, it) => sum + it.usedLength, 0);
    const report = new ProgressReport(total, options.onProgress);
    const blockOptions = { ...options, report, sink };
    let remaining = blocks;
    if (jobs > 1 || directIo || resume) {
      const { saveInLanes } = await import("./save_in_lanes.ts");
      const inLanes = await saveInLanes(writer, blocks, sink, blockOptions);
      remaining = inLanes.remaining;
      if (resume) kept = { keptPages: inLanes.keptPages };
    }
    await saveBlocks(writer, remaining, blockOptions);
    for (const { source } of blocks) source.checkUnchanged?.();
    options.deviceStateFrom?.source.checkUnchanged?.();
    await writer.finish(options);
  } catch (error) {
    await sink.abort().catch(() => {});
    throw error;
  }
  return {
    ...kept,
    byteLength: writer.byteLength,
    blocks: await summaryOf(writer.blocks),
  };
}

/**
 * Saves flat memory images, each as the RAM of one block. If an image does not
 * end at a page boundary, the rest of its last page is zero.
 *
 * @throws {RangeError} if a name or a length is invalid
 * @throws {SourceError} if an image cannot be read or the sink cannot be
 *   written
 *
 * @example
 * ```ts
 * import { importImages, memorySink, memorySource } from "../../mod.ts";
 * import assert from "node:assert/strict";
 *
 * const image = memorySource(new Uint8Array(5000).fill(1));
 * const { blocks } = await importImages(memorySink(), { "pc.ram": image });
 * assert.equal(blocks[0].presentCount, 2);
 * ```
 */
export function importImages(
  sink: ByteSink,
  images: Readonly<Record<string, ByteSource>>,
  options: SaveOptions = {},
): Promise<SaveSummary> {
  const pageSize = options.deviceStateFrom?.blocks[0]?.pageSize ??
    options.pageSize ?? 4096;
  const blocks = Object.entries(images).map(([idstr, source]) => ({
    idstr,
    source,
    usedLength: alignUp(source.byteLength, pageSize),
  }));
  return saveSnapshot(sink, blocks, options);
}
