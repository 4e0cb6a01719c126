import type { ByteSink } from "../sinks/mod.ts";
import type {
  LiveOptions,
  LiveRAMBlockInput,
  LiveSummary,
} from "./live_options.ts";
import { summaryOf } from "./save_blocks.ts";
import { createSnapshot } from "./snapshot_writer.ts";

/**
 * Saves a guest while it runs, in rounds: first all of its RAM, then repeatedly
 * the pages written to in the meantime, until few enough are left to stop the
 * guest and save them. Each page has a fixed place in the file, whose size is
 * fixed from the start; the last save of a page wins.
 *
 * @throws {SourceError} if memory cannot be read or the sink cannot be written
 *
 * @example
 * ```ts
 * import { DirtyPages, memorySink, memorySource, saveLive } from "../../mod.ts";
 * import assert from "node:assert/strict";
 *
 * const ram = new Uint8Array(0x10000);
 * const dirty = new DirtyPages(16);
 * const { rounds, blocks } = await saveLive(memorySink(), [{
 *   idstr: "ram",
 *   source: memorySource(ram),
 *   takeDirty: () => dirty.take(),
 * }], {
 *   stop() {
 *     ram[0x3000] = 1; // its last write
 *     dirty.mark(3);
 *   },
 * });
 * assert.deepEqual(rounds.map(({ pages }) => pages), [16, 1]);
 * assert.equal(blocks[0].presentCount, 1);
 * ```
 */
export async function saveLive(
  sink: ByteSink,
  blocks: readonly LiveRAMBlockInput[],
  options: LiveOptions,
): Promise<LiveSummary> {
  try {
    const writer = await createSnapshot(
      sink,
      blocks.map(({ idstr, source, usedLength }) => ({
        idstr,
        usedLength: usedLength ?? source.byteLength,
      })),
      options,
    );
    const { saveRounds } = await import("./live_rounds.ts");
    const saved = await saveRounds({ writer, sink, blocks }, options);
    await writer.finish();
    return {
      byteLength: writer.byteLength,
      blocks: await summaryOf(writer.blocks),
      ...saved,
    };
  } catch (error) {
    await sink.abort().catch(() => {});
    throw error;
  }
}
