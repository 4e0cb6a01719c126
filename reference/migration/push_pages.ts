import type { BlockRun, PageRun } from "../../format/bitmap/mod.ts";
import type { DemandGate } from "../sources/mod.ts";
import { CHUNK, inLanes } from "../work/mod.ts";
import { PageRecords } from "./page_records.ts";
import type { PageWriter } from "./page_writer.ts";
import type { PostcopyBlock } from "./postcopy_block.ts";
import { pushBatches, type PushFront } from "./push_batches.ts";
import { Throttle } from "./throttle.ts";

/** How pages are pushed. */
export interface PushOptions {
  /** Runs to push before all others, in this order. */
  readonly first: Iterable<BlockRun>;
  /** Maximum bytes per second. */
  readonly maxBandwidth: number;
  /** Closed while requests are waiting. */
  readonly gate: DemandGate;
  /** The pages requested last, if the source is remote. */
  readonly front: PushFront | undefined;
  /** Stops the work. */
  readonly signal: AbortSignal;
}

/**
 * Sends all pages of the snapshot that have not been requested; pages that are
 * not in it are not sent.
 *
 * A local source is read in file order, while no page is requested. A remote
 * source has a high latency, so several reads are always in flight. They are
 * near the page requested last, because the guest is likely to touch those
 * pages next.
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
    first,
    front,
    byteLength,
    signal,
  });
  await inLanes(lanes, batches, async ({ block, runs }, records) => {
    if (front === undefined) await gate.idle(signal);
    await writer.readAhead(block, runs, records);
    if (front === undefined) await gate.idle(signal);
    // Some may have been requested while they were read.
    const parts = runs.flatMap((run) => takeFree(block, run));
    if (parts.length === 0) return;
    await throttle.spend(await writer.sendAhead(block, parts, records));
  });
}

/** Takes the parts of a run that are still free. */
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
