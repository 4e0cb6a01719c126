import { PageBitmap } from "../../format/bitmap/mod.ts";
import type { ByteSink } from "../sinks/mod.ts";
import { ProgressReport } from "../work/mod.ts";
import type {
  LiveOptions,
  LiveRAMBlockInput,
  LiveRound,
  LiveRule,
  LiveSummary,
} from "./live_options.ts";
import { LiveWriter } from "./live_writer.ts";
import type { SnapshotWriter } from "./snapshot_writer.ts";

/**
 * Saves the pages of a running guest in rounds, and stops it before the last
 * one.
 */
export async function saveRounds(
  { writer, sink, blocks }: {
    readonly writer: SnapshotWriter;
    readonly sink: ByteSink;
    readonly blocks: readonly LiveRAMBlockInput[];
  },
  options: LiveOptions,
): Promise<Pick<LiveSummary, "rounds" | "downtime">> {
  using live = await LiveWriter.start(writer, blocks, {
    ...options,
    sink,
  });
  const rounds = new LiveRounds(live, blocks, options);
  // The first round saves all pages, so earlier writes need no second save.
  await takeAll(blocks);
  const all = writer.blocks.map(({ pageCount }) => everyPage(pageCount));
  const remaining = await rounds.saveRunning(all);
  const stopped = performance.now();
  await options.stop();
  await rounds.save(merge(remaining, await takeAll(blocks)), { stopped: true });
  return { rounds: rounds.done, downtime: performance.now() - stopped };
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
   * Saves rounds while the guest runs, until it can be stopped. Returns the
   * pages that are left for the last round.
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

  /** Saves one round; returns it and the pages written to during it. */
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

/**
 * Whether the guest can be stopped after a round: when the dirty pages can be
 * saved within the downtime limit, `dirtyBytes ≤ bandwidth × limit`.
 */
export function isConverged(round: LiveRound, rule: LiveRule): boolean {
  const { downtimeLimit = 300, bandwidth = round.bytesPerSecond } = rule;
  return round.dirtyBytes <= bandwidth * downtimeLimit / 1000;
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

/** Returns the unions of the bitmaps of each block. */
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
