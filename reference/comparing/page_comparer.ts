import { blockRange, type PageRun } from "../../format/bitmap/mod.ts";
import type { RAMBlock } from "../reading/mod.ts";
import type {
  ByteSource,
  ReadOptions,
  SourceReadOptions,
} from "../sources/mod.ts";
import {
  CHUNK,
  entryUrl,
  inLanes,
  Pace,
  PARALLEL_CHUNK,
  type ProgressReport,
} from "../work/mod.ts";
import { laneCount, LanePool } from "../lanes/mod.ts";
import { compareSteps } from "./compare_lane.ts";
import {
  COMPARE_CONTROL,
  type CompareTask,
  type LaneSource,
  laneSource,
} from "./compare_task.ts";
import { PagePair } from "./page_pair.ts";
import { IN_BOTH, PAGE_STATE, runsToRead } from "./page_state.ts";

/** A window of pages of two RAMBlocks, planned. */
export interface PlannedWindow {
  readonly a: RAMBlock;
  readonly b: RAMBlock;
  /** The first page of the window. */
  readonly first: number;
  readonly states: Uint8Array;
}

/** Options of a {@linkcode PageComparer}. */
export interface ComparerOptions extends ReadOptions {
  readonly jobs: number;
  readonly report: ProgressReport;
}

/** Reads and compares the pages of two snapshots, window by window. */
export class PageComparer implements Disposable {
  readonly #sources: readonly ByteSource[];
  readonly #lanes: readonly LaneSource[] | undefined;
  readonly #options: ComparerOptions;
  /** Started when there is enough to do. */
  #pool: LanePool<CompareTask> | undefined;
  #threads = 0;

  /** Compares pages of `a` with those of `b`. */
  constructor(a: ByteSource, b: ByteSource, options: ComparerOptions) {
    this.#sources = [a, b];
    const lanes = this.#sources.flatMap((it) => laneSource(it) ?? []);
    this.#lanes = lanes.length === 2 ? lanes : undefined;
    this.#options = options;
  }

  /** Replaces the states of all pages to be read; returns the bytes read. */
  async compare(window: PlannedWindow): Promise<number> {
    const { pageSize } = window.a;
    const chunkLength = Math.max(
      8 * pageSize,
      this.#lanes === undefined ? PARALLEL_CHUNK : CHUNK,
    );
    const chunkPages = chunkLength / pageSize;
    const { chunks, pages } = workIn(window.states, chunkPages);
    const byteLength = pages * pageSize;
    const { report } = this.#options;
    const length = window.states.length * pageSize;
    const end = report.done + length;
    report.skip(Math.max(0, length - chunks.length * chunkLength));
    if (chunks.length === 0) return byteLength;
    const { done } = report;
    const advance = (count: number) => {
      // The last chunk may be shorter.
      report.done = Math.min(end, done + count * chunkLength);
      report.tell();
    };
    const job = { ...window, pageSize, chunkPages, chunks };
    if (this.#lanes === undefined) await this.#compareHere(job, advance);
    else await this.#compareInLanes(job, advance, byteLength);
    return byteLength;
  }

  async #compareInLanes(
    { a, b, ...job }: PlannedJob,
    advance: (count: number) => void,
    byteLength: number,
  ): Promise<void> {
    const [sourceA, sourceB] = this.#lanes ?? [];
    const buffer = new SharedArrayBuffer(4 * COMPARE_CONTROL.length);
    const control = new Int32Array(buffer);
    const task: CompareTask = {
      ...job,
      a: { source: sourceA, pagesOffset: a.pagesOffset },
      b: { source: sourceB, pagesOffset: b.pagesOffset },
      control,
    };
    await this.#poolFor(byteLength).run(task, {
      signal: this.#options.signal,
      steps: compareSteps(task),
      onPoll: () => advance(Atomics.load(control, COMPARE_CONTROL.done)),
    });
  }

  /** Returns the pool, with threads if there is work for them. */
  #poolFor(byteLength: number): LanePool<CompareTask> {
    const threads = laneCount(byteLength, this.#options.jobs) - 1;
    if (this.#pool !== undefined && threads <= this.#threads) return this.#pool;
    this.#pool?.[Symbol.dispose]();
    const url = entryUrl("./compare_worker.ts", import.meta.url);
    this.#threads = threads;
    return this.#pool = new LanePool(url, threads);
  }

  async #compareHere(
    { a, b, first, states, pageSize, chunkPages, chunks }: PlannedJob,
    advance: (count: number) => void,
  ): Promise<void> {
    const { signal } = this.#options;
    const parallel = this.#sources.map((it) => it.parallelReads ?? 1);
    const pairs = Array.from(
      { length: Math.min(chunks.length, Math.max(...parallel)) },
      () => new PagePair(chunkPages * pageSize),
    );
    let count = 0;
    const pace = new Pace(signal);
    await inLanes(pairs, chunks.values(), async (chunk, pair) => {
      const start = chunk * chunkPages;
      const part = states.subarray(start, start + chunkPages);
      const sides = [
        { block: a, bytes: pair.a, bit: PAGE_STATE.inA },
        { block: b, bytes: pair.b, bit: PAGE_STATE.inB },
      ];
      // The buffers are free again only when both have settled.
      const reads = await Promise.allSettled(
        sides.map((it) =>
          readPages(it.block, it.bytes, {
            first: first + start,
            runs: [...runsToRead(part, it.bit)],
            signal,
          })
        ),
      );
      for (const read of reads) {
        if (read.status === "rejected") throw read.reason;
      }
      pair.settle(part, pageSize);
      advance(++count);
      await pace.step();
    });
  }

  [Symbol.dispose](): void {
    this.#pool?.[Symbol.dispose]();
  }
}

/** A window, split into chunks. */
interface PlannedJob extends PlannedWindow {
  readonly pageSize: number;
  readonly chunkPages: number;
  readonly chunks: Uint32Array;
}

/** Returns the chunks with pages to be read, and the number of these pages. */
function workIn(
  states: Uint8Array,
  chunkPages: number,
): { readonly chunks: Uint32Array; readonly pages: number } {
  const chunks: number[] = [];
  let pages = 0;
  for (let first = 0; first < states.length; first += chunkPages) {
    const end = Math.min(states.length, first + chunkPages);
    const before = pages;
    for (let page = first; page < end; page++) {
      const state = states[page];
      if (state !== PAGE_STATE.same) pages += state === IN_BOTH ? 2 : 1;
    }
    if (pages > before) chunks.push(first / chunkPages);
  }
  return { chunks: Uint32Array.from(chunks), pages };
}

/** Reads runs of pages after `first` to their places in a target. */
async function readPages(
  block: RAMBlock,
  target: Uint8Array,
  { first, runs, ...options }: SourceReadOptions & {
    readonly first: number;
    readonly runs: readonly PageRun[];
  },
): Promise<void> {
  const { pageSize } = block;
  const start = first * pageSize;
  const inBlock = runs.map((run) => ({
    first: first + run.first,
    end: first + run.end,
  }));
  if ((block.parallelReads ?? 1) > 1) {
    return await block.streamRuns(inBlock, (bytes, { offset }) => {
      target.set(bytes, offset - start);
      return Promise.resolve();
    }, options);
  }
  for (const run of inBlock) {
    const { offset, length } = blockRange(pageSize, run);
    const at = offset - start;
    await block.readInto(target.subarray(at, at + length), offset, options);
  }
}
