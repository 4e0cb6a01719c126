import type { ByteSink } from "../sinks/mod.ts";
import type {
  LiveOptions,
  LiveRAMBlockInput,
  LiveSummary,
} from "./live_options.ts";
import { summaryOf } from "./save_blocks.ts";
import { createSnapshot } from "./snapshot_writer.ts";

/**
 * Saves a guest while it runs, in rounds: all of its RAM, then what was written
 * to meanwhile, again and again, until so little is left that the guest can be
 * stopped for it. Each page has one place in the file, whose size is fixed from
 * the start; the last time that a page is saved wins.
 *
 * @throws {SourceError} if memory cannot be read or the sink not written
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
    await sink.abort();
    throw error;
  }
}
