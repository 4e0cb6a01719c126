import type { PageRun } from "../../format/mod.ts";
import { CHUNK } from "../chunk.ts";
import { inLanes } from "../lanes.ts";
import type { DemandGate } from "../sources/demand_gate.ts";
import { PageRecords } from "./page_records.ts";
import type { PageWriter } from "./page_writer.ts";
import { sleep } from "./persistent_read.ts";
import type { PostcopyBlock } from "./postcopy_block.ts";

/** Reads under way at once where each makes one wait. */
const LANES = 4;

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

/** A part of the work: whole host pages that nobody had taken. */
interface Segment extends PageRun {
  readonly block: PostcopyBlock;
}

/**
 * Sends all pages of the snapshot that nobody has asked for. Pages that are not
 * in it are not sent: memory that was never written is zero.
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
    { length: Math.min(LANES, parallelReads) },
    () => new PageRecords(most / pageSize, pageSize),
  );
  const begin = performance.now();
  let sent = 0;
  const segments = allSegments(blocks, options, most);
  await inLanes(lanes, segments, async (segment, records) => {
    const { block } = segment;
    await gate.idle(signal);
    await writer.readAhead(block, segment, records);
    await gate.idle(signal);
    // While they were read, some may have been asked for.
    const parts = takeFree(segment);
    if (parts.length === 0) return;
    sent += await writer.sendAhead(block, segment, { records, parts });
    const due = begin + sent / maxBandwidth * 1000;
    const early = due - performance.now();
    if (early > 1) await sleep(early, signal);
  });
}

async function* allSegments(
  blocks: readonly PostcopyBlock[],
  { first, signal }: PushOptions,
  most: number,
): AsyncGenerator<Segment> {
  const named = new Map(blocks.map((it) => [it.block.idstr, it]));
  for (const { idstr, ...run } of first) {
    const block = named.get(idstr);
    if (block !== undefined) yield* freeSegments(block, run, { signal, most });
  }
  for (const block of blocks) {
    const run = { first: 0, end: block.block.pageCount };
    yield* freeSegments(block, run, { signal, most });
  }
}

/** What of a run is in the snapshot and not taken, in host pages. */
async function* freeSegments(
  block: PostcopyBlock,
  run: PageRun,
  { signal, most }: { readonly signal: AbortSignal; readonly most: number },
): AsyncGenerator<Segment> {
  const step = most / block.hostPageSize;
  for await (const present of block.block.presentRuns({ ...run, signal })) {
    const { first, end } = block.hostPagesOf(present);
    for (let from = first;;) {
      from = block.nextFree(from, end);
      if (from === end) break;
      const until = block.nextTaken(from, Math.min(end, from + step));
      yield { block, ...block.pagesOf(from, until) };
      from = until;
    }
  }
}

/** Takes what of a segment is still free. */
function takeFree({ block, ...pages }: Segment): PageRun[] {
  const { first, end } = block.hostPagesOf(pages);
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
