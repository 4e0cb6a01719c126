import type { BlockRun, PageRun } from "../../format/bitmap/mod.ts";
import { MovingFront } from "../sources/mod.ts";
import { sleep } from "../work/mod.ts";
import type { PostcopyBlock } from "./postcopy_block.ts";

/** Milliseconds without a request after which the guest counts as idle. */
const CALM = 250;
/** Milliseconds between two distant pieces while pages are being requested. */
const INTERVAL = 40;
/** Maximum number of runs per read; servers may refuse longer requests. */
const RUNS_MAX = 64;

/** The front of the host pages requested last. */
export type PushFront = MovingFront<PostcopyBlock>;

/** Returns a front if each read waits for a remote source. */
export function pushFrontOf(
  blocks: readonly PostcopyBlock[],
): PushFront | undefined {
  const isFar = blocks.some(({ block }) => (block.parallelReads ?? 1) > 1);
  if (!isFar) return undefined;
  return new MovingFront(({ hostPageCount, hostPageSize }) => ({
    pageCount: hostPageCount,
    pageSize: hostPageSize,
  }));
}

/** A batch of work: whole host pages, not planned before, in order. */
export interface PushBatch {
  readonly block: PostcopyBlock;
  readonly runs: readonly PageRun[];
}

/** In which order pages are pushed, and how many at a time. */
export interface BatchOptions {
  /** Runs to push before all others, in this order. */
  readonly first: Iterable<BlockRun>;
  /**
   * The pages requested last, to push those around them next. Default: none.
   */
  readonly front: PushFront | undefined;
  /** Maximum bytes of a batch; at least a host page. */
  readonly byteLength: number;
  /** Stops the work. */
  readonly signal: AbortSignal;
}

/** Yields all pages of the snapshot that are not taken, each of them once. */
export async function* pushBatches(
  blocks: readonly PostcopyBlock[],
  options: BatchOptions,
): AsyncGenerator<PushBatch> {
  const { front } = options;
  yield* firstBatches(blocks, options);
  const rest = restOf(blocks, options);
  for (;;) {
    const piece = await front?.next(() => whenCalm(front, options.signal));
    if (piece !== undefined) {
      const { memory: block, run } = piece;
      const pages = block.pagesOf(run.first, run.end);
      yield* batchesOf(block, [pages], options);
      continue;
    }
    const { done, value } = await rest.next();
    if (done) return;
    yield value;
  }
}

/** While pages are being requested, distant ones are pushed slowly. */
async function whenCalm(front: PushFront, signal: AbortSignal): Promise<void> {
  const wait = Math.min(INTERVAL, CALM - front.calmFor);
  if (wait > 0) await sleep(wait, signal);
}

/** Neighbors in the order of a working set are read together. */
async function* firstBatches(
  blocks: readonly PostcopyBlock[],
  options: BatchOptions,
): AsyncGenerator<PushBatch> {
  const named = new Map(blocks.map((it) => [it.block.idstr, it]));
  let together: PageRun[] = [];
  let last: PostcopyBlock | undefined;
  for (const { idstr, ...run } of options.first) {
    const block = named.get(idstr);
    if (block === undefined) continue;
    if (block !== last && last !== undefined) {
      yield* batchesOf(last, together, options);
      together = [];
    }
    last = block;
    together.push(run);
  }
  if (last !== undefined) yield* batchesOf(last, together, options);
}

async function* restOf(
  blocks: readonly PostcopyBlock[],
  options: BatchOptions,
): AsyncGenerator<PushBatch> {
  for (const block of blocks) {
    const all = { first: 0, end: block.block.pageCount };
    yield* batchesOf(block, [all], options);
  }
}

/** Yields the host pages of runs that are in the snapshot and not planned. */
async function* batchesOf(
  block: PostcopyBlock,
  wanted: readonly PageRun[],
  { signal, byteLength }: BatchOptions,
): AsyncGenerator<PushBatch> {
  const capacity = Math.floor(byteLength / block.hostPageSize);
  let runs: PageRun[] = [];
  let room = capacity;
  for (const run of wanted) {
    for await (const present of block.block.presentRuns({ ...run, signal })) {
      const { first, end } = block.hostPagesOf(present);
      for (let from = first;;) {
        const planned = block.planNext(from, end, room);
        if (planned === undefined) break;
        runs.push(block.pagesOf(planned.first, planned.end));
        room -= planned.end - planned.first;
        from = planned.end;
        if (room > 0 && runs.length < RUNS_MAX) continue;
        yield { block, runs };
        runs = [];
        room = capacity;
      }
    }
  }
  if (runs.length > 0) yield { block, runs };
}
