import type { PageRun } from "../../format/mod.ts";
import type { DemandGate } from "../sources/mod.ts";
import { CHUNK, inLanes } from "../work/mod.ts";
import { PageRecords } from "./page_records.ts";
import type { PageWriter } from "./page_writer.ts";
import type { PostcopyBlock } from "./postcopy_block.ts";
import { type BlockRun, pushBatches, type PushFront } from "./push_batches.ts";
import { Throttle } from "./throttle.ts";

/** How pages are pushed. */
export interface PushOptions {
  /** Runs to push before all others, in this order. */
  readonly first: Iterable<BlockRun>;
  /** Bytes a second, at most. */
  readonly maxBandwidth: number;
  /** Where pages that were asked for have the right of way. */
  readonly gate: DemandGate;
  /** Where those are that were asked for last, if that is far away. */
  readonly front: PushFront | undefined;
  /** Stops the work. */
  readonly signal: AbortSignal;
}

/**
 * Sends all pages of the snapshot that nobody has asked for, and none of those
 * that are not in it.
 *
 * What is near is read in the order of the file, while nobody waits for a page.
 * Where each read waits for something far away, there is no use in standing still
 * with it: several are always under way, for what is around the page that was
 * asked for last, so that the guest finds it there when it comes to it.
 */
export async function pushPages(
  blocks: readonly PostcopyBlock[],
  writer: PageWriter,
  options: PushOptions,
): Promise<void> {
  const { first, gate, front, signal, maxBandwidth } = options;
  const [any] = blocks;
  if (any === undefined) return;
  const { pageSize, parallelReads = 1 } = any.block;
  const byteLength = Math.max(
    CHUNK,
    ...blocks.map(({ hostPageSize }) => hostPageSize),
  );
  const lanes = Array.from(
    { length: parallelReads },
    () => new PageRecords(byteLength / pageSize, pageSize),
  );
  const throttle = new Throttle(maxBandwidth, signal);
  const batches = pushBatches(blocks, {
    ...{ first, front, byteLength, signal },
  });
  await inLanes(lanes, batches, async ({ block, runs }, records) => {
    if (front === undefined) await gate.idle(signal);
    await writer.readAhead(block, runs, records);
    if (front === undefined) await gate.idle(signal);
    // While they were read, some may have been asked for.
    const parts = runs.flatMap((run) => takeFree(block, run));
    if (parts.length === 0) return;
    await throttle.spend(await writer.sendAhead(block, parts, records));
  });
}

/** Takes what of a run is still free. */
function takeFree(block: PostcopyBlock, run: PageRun): PageRun[] {
  const { first, end } = block.hostPagesOf(run);
  const parts: PageRun[] = [];
  for (let from = first;;) {
    from = block.nextFree(from, end);
    if (from === end) return parts;
    const until = block.nextTaken(from, end);
    for (let hostPage = from; hostPage < until; hostPage++) {
      block.take(hostPage);
    }
    parts.push(block.pagesOf(from, until));
    from = until;
  }
}
