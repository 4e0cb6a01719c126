import type { PageRun } from "../../format/mod.ts";
import { CHUNK } from "../chunk.ts";
import { inLanes } from "../lanes.ts";
import type { DemandGate } from "../sources/demand_gate.ts";
import { PageRecords } from "./page_records.ts";
import type { PageWriter } from "./page_writer.ts";
import type { PostcopyBlock } from "./postcopy_block.ts";
import { Throttle } from "./throttle.ts";

/** Most runs that are read at a time: a server may not like a longer request. */
const RUNS_MAX = 64;

/** A run of pages of a RAMBlock. */
export interface BlockRun extends PageRun {
  /** idstr of the RAMBlock. */
  readonly idstr: string;
}

/** How pages are pushed. */
export interface PushOptions {
  /** Runs to push before all others, in this order. */
  readonly first: Iterable<BlockRun>;
  /** Bytes a second, at most. */
  readonly maxBandwidth: number;
  /** Where pages that were asked for have the right of way. */
  readonly gate: DemandGate;
  /** Stops the work. */
  readonly signal: AbortSignal;
}

/** A part of the work: whole host pages that nobody had taken, in order. */
interface Batch {
  readonly block: PostcopyBlock;
  readonly runs: readonly PageRun[];
}

/**
 * Sends all pages of the snapshot that nobody has asked for, and none of those
 * that are not in it.
 */
export async function pushPages(
  blocks: readonly PostcopyBlock[],
  writer: PageWriter,
  options: PushOptions,
): Promise<void> {
  const { gate, signal, maxBandwidth } = options;
  const [any] = blocks;
  if (any === undefined) return;
  const { pageSize, parallelReads = 1 } = any.block;
  const most = Math.max(
    CHUNK,
    ...blocks.map(({ hostPageSize }) => hostPageSize),
  );
  const lanes = Array.from(
    { length: parallelReads },
    () => new PageRecords(most / pageSize, pageSize),
  );
  const throttle = new Throttle(maxBandwidth, signal);
  const batches = allBatches(blocks, options, most);
  await inLanes(lanes, batches, async ({ block, runs }, records) => {
    await gate.idle(signal);
    await writer.readAhead(block, runs, records);
    await gate.idle(signal);
    // While they were read, some may have been asked for.
    const parts = runs.flatMap((run) => takeFree(block, run));
    if (parts.length === 0) return;
    await throttle.spend(await writer.sendAhead(block, parts, records));
  });
}

async function* allBatches(
  blocks: readonly PostcopyBlock[],
  { first, signal }: PushOptions,
  most: number,
): AsyncGenerator<Batch> {
  const named = new Map(blocks.map((it) => [it.block.idstr, it]));
  const limits = { signal, most };
  // Neighbours in the order of a working set are read together.
  let together: PageRun[] = [];
  let last: PostcopyBlock | undefined;
  for (const { idstr, ...run } of first) {
    const block = named.get(idstr);
    if (block === undefined) continue;
    if (block !== last && last !== undefined) {
      yield* batchesOf(last, together, limits);
      together = [];
    }
    last = block;
    together.push(run);
  }
  if (last !== undefined) yield* batchesOf(last, together, limits);
  for (const block of blocks) {
    const all = { first: 0, end: block.block.pageCount };
    yield* batchesOf(block, [all], limits);
  }
}

/** What of some runs is in the snapshot and not taken, in host pages. */
async function* batchesOf(
  block: PostcopyBlock,
  wanted: readonly PageRun[],
  { signal, most }: { readonly signal: AbortSignal; readonly most: number },
): AsyncGenerator<Batch> {
  const capacity = most / block.hostPageSize;
  let runs: PageRun[] = [];
  let room = capacity;
  for (const run of wanted) {
    // A host page may have pages of several runs in it.
    let from = 0;
    for await (const present of block.block.presentRuns({ ...run, signal })) {
      const { first, end } = block.hostPagesOf(present);
      for (from = Math.max(first, from);;) {
        from = block.nextFree(from, end);
        if (from >= end) break;
        const until = block.nextTaken(from, Math.min(end, from + room));
        runs.push(block.pagesOf(from, until));
        room -= until - from;
        from = until;
        if (room > 0 && runs.length < RUNS_MAX) continue;
        yield { block, runs };
        runs = [];
        room = capacity;
      }
    }
  }
  if (runs.length > 0) yield { block, runs };
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
