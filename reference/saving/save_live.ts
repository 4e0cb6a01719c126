import { PageBitmap } from "../../format/bitmap/mod.ts";
import type { ByteSink } from "../sinks/mod.ts";
import { ProgressReport } from "../work/mod.ts";
import { isConverged, type LiveRound, type LiveRule } from "./live_rounds.ts";
import type { LiveWriter } from "./live_writer.ts";
import type {
  RAMBlockInput,
  SaveOptions,
  SaveSummary,
} from "./save_options.ts";
import { summaryOf } from "./save_blocks.ts";
import { createSnapshot } from "./snapshot_writer.ts";

/** RAM that is written to while it is saved. */
export interface LiveRAMBlockInput extends RAMBlockInput {
  /**
   * The pages written to since the last call, which count as clean from then on;
   * {@linkcode DirtyPages.take} is one.
   */
  readonly takeDirty: () => PageBitmap | Promise<PageBitmap>;
}

/** How to save a running guest. */
export interface LiveOptions extends Omit<SaveOptions, "resume">, LiveRule {
  /** Stops the guest: when it resolves, nothing writes to the RAM any more. */
  readonly stop: () => void | Promise<void>;
  /** Is told of each round. */
  readonly onRound?: ((round: LiveRound) => void) | undefined;
}

/** What was saved of a running guest. */
export interface LiveSummary extends SaveSummary {
  /** Every round; the last one was made while the guest stood. */
  readonly rounds: readonly LiveRound[];
  /** Milliseconds from before `stop` to the end of the last round. */
  readonly downtime: number;
}

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
    const threads = await import("./live_writer.ts");
    const own = { ...options, sink };
    using live = await threads.LiveWriter.start(writer, blocks, own);
    const rounds = new LiveRounds(live, blocks, options);
    // What was written before the first round is in it.
    await takeAll(blocks);
    const all = writer.blocks.map(({ pageCount }) => everyPage(pageCount));
    const left = await rounds.saveRunning(all);
    const stopped = performance.now();
    await options.stop();
    await rounds.save(merge(left, await takeAll(blocks)), { stopped: true });
    const downtime = performance.now() - stopped;
    await writer.finish();
    return {
      byteLength: writer.byteLength,
      blocks: await summaryOf(writer.blocks),
      rounds: rounds.done,
      downtime,
    };
  } catch (error) {
    await sink.abort();
    throw error;
  }
}

/** The rounds of one live save. */
class LiveRounds {
  readonly done: LiveRound[] = [];
  readonly #live: LiveWriter;
  readonly #blocks: readonly LiveRAMBlockInput[];
  readonly #options: LiveOptions;

  constructor(
    live: LiveWriter,
    blocks: readonly LiveRAMBlockInput[],
    options: LiveOptions,
  ) {
    this.#live = live;
    this.#blocks = blocks;
    this.#options = options;
  }

  /**
   * Saves rounds while the guest runs, until it can be stopped for the pages
   * that are left, which it returns.
   */
  async saveRunning(pages: readonly PageBitmap[]): Promise<PageBitmap[]> {
    const { signal, maxRounds = Infinity } = this.#options;
    for (let wanted = pages;;) {
      const { round, dirty } = await this.save(wanted, { stopped: false });
      signal?.throwIfAborted();
      if (isConverged(round, this.#options) || round.number >= maxRounds) {
        return dirty;
      }
      wanted = dirty;
    }
  }

  /** Saves one round; returns it, and the pages written to meanwhile. */
  async save(
    wanted: readonly PageBitmap[],
    { stopped }: { readonly stopped: boolean },
  ): Promise<{ readonly round: LiveRound; readonly dirty: PageBitmap[] }> {
    const { onProgress, onRound } = this.#options;
    const { pageSize } = this.#live;
    const started = performance.now();
    const pages = await this.#live.saveRound(
      wanted,
      new ProgressReport(countOf(wanted) * pageSize, onProgress),
    );
    const milliseconds = performance.now() - started;
    const dirty = stopped ? [] : await takeAll(this.#blocks);
    const perSecond = 1000 / Math.max(0.001, milliseconds);
    const dirtyBytes = countOf(dirty) * pageSize;
    const round = {
      number: this.done.length + 1,
      pages,
      milliseconds,
      bytesPerSecond: pages * pageSize * perSecond,
      dirtyBytes,
      dirtyBytesPerSecond: dirtyBytes * perSecond,
      stopped,
    };
    this.done.push(round);
    onRound?.(round);
    return { round, dirty };
  }
}

async function takeAll(
  blocks: readonly LiveRAMBlockInput[],
): Promise<PageBitmap[]> {
  const taken: PageBitmap[] = [];
  for (const block of blocks) taken.push(await block.takeDirty());
  return taken;
}

function countOf(bitmaps: readonly PageBitmap[]): number {
  return bitmaps.reduce((sum, bitmap) => sum + bitmap.count(), 0);
}

function everyPage(pageCount: number): PageBitmap {
  const bitmap = new PageBitmap(pageCount);
  for (let page = 0; page < pageCount; page++) bitmap.set(page);
  return bitmap;
}

/** The pages of one bitmap or the other. */
function merge(
  ones: readonly PageBitmap[],
  others: readonly PageBitmap[],
): PageBitmap[] {
  return ones.map((one, index) => {
    const { pageCount, bytes } = others[index];
    const both = new PageBitmap(pageCount, one.bytes.slice());
    both.bytes.forEach((byte, at) => both.bytes[at] = byte | (bytes[at] ?? 0));
    return both;
  });
}
