import type { PageRun } from "../../format/bitmap/mod.ts";
import { DemandGate, MovingFront, type ReadOptions } from "../sources/mod.ts";
import { inLanes, waitFor } from "../work/mod.ts";
import type { PageInstaller, PostcopyMemory } from "./page_installer.ts";
import { HostRuns, targetPagesOf } from "./postcopy_geometry.ts";
import { PostcopyWork } from "./postcopy_work.ts";
import { type LoadPendingOptions, unaskedRuns } from "./unasked_runs.ts";

/** Concurrent background reads of a high-latency source. */
const LANES = 4;
/** Default for the bytes put in place around a fault. */
const FAULT_AROUND = 0x10000;

/** Options of `PostcopyLoader`. */
export interface PostcopyLoaderOptions {
  /** Offset in the source of the memory's first byte. Default: 0. */
  readonly origin?: number | undefined;
  /**
   * Bytes that one fault puts in place, the faulting page included; a multiple
   * of the page size. Default: 64 KiB, or one page if pages are larger.
   */
  readonly faultAround?: number | undefined;
  /**
   * Whether a synchronous fault puts the faulting page in place alone, and
   * `loadAroundSync` the pages around it: if bytes take long to read, as those
   * that are checked do. Default: false.
   */
  readonly pageFirst?: boolean | undefined;
}

/**
 * Fills a memory with the pages of a RAMBlock: faulting pages first, the rest
 * in the background. Each page is put in place once; a page that cannot be read
 * stays pending; a page that its owner removed is zero from then on.
 *
 * Pages are counted in host pages, the pages of the memory.
 *
 * @example
 * ```ts
 * import { PostcopyLoader } from "../../mod.ts";
 * import type { PageInstaller, RAMBlock } from "../../mod.ts";
 *
 * async function fill(ram: RAMBlock, memory: PageInstaller): Promise<void> {
 *   const loader = new PostcopyLoader(ram, memory);
 *   await loader.handleFault(7); // a thread waits for page 7
 *   loader.handleRemove({ first: 100, end: 200 }); // the owner freed these
 *   await loader.loadPending();
 *   console.log(loader.pendingCount); // 0
 * }
 * ```
 */
export class PostcopyLoader {
  /** Number of pages of the memory. */
  readonly pageCount: number;
  /** @internal */
  protected readonly work: PostcopyWork;
  readonly #memory: PostcopyMemory;
  readonly #gate = new DemandGate();
  /** The pages near the latest faults; for high-latency sources only. */
  readonly #front: MovingFront<PostcopyMemory> | undefined;
  readonly #flights = new Set<Flight>();
  /** Number of loads that did not put all of their pages in place. */
  #incomplete = 0;

  /** Creates a loader for a memory whose pages are all missing. */
  constructor(
    memory: PostcopyMemory,
    installer: PageInstaller,
    options: PostcopyLoaderOptions = {},
  ) {
    const { pageSize } = installer;
    const { origin = 0, faultAround = Math.max(FAULT_AROUND, pageSize) } =
      options;
    this.#memory = memory;
    this.work = new PostcopyWork(memory, installer, { origin, faultAround });
    this.pageCount = this.work.geometry.hostPageCount;
    if (this.#parallelReads > 1) {
      const { pageCount } = this;
      this.#front = new MovingFront(() => ({ pageCount, pageSize }));
    }
  }

  /** Number of pages that are neither in place nor removed. */
  get pendingCount(): number {
    return this.work.pages.missingCount;
  }

  /**
   * Puts a page in place for which a thread waits. Resolves to true when it is
   * in place, or to false if that is impossible at the moment because the
   * memory is being changed; handle the fault again after the change.
   *
   * @throws {SourceError} if the page cannot be read; it stays pending
   */
  async handleFault(
    pageIndex: number,
    options: ReadOptions = {},
  ): Promise<boolean> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const demand = this.#gate.demand(promise);
    try {
      for (;;) {
        const flight = this.#flightOf(pageIndex);
        if (flight !== undefined) {
          // If that load fails, the page is taken on the next turn.
          await waitFor(flight.landed, options);
          continue;
        }
        const run = this.work.takeFault(pageIndex);
        if (typeof run === "boolean") return run;
        this.#front?.demanded(this.#memory, pageIndex);
        const end = await this.#load(run, options);
        if (!this.work.pages.isRemoved(pageIndex)) return pageIndex < end;
      }
    } finally {
      resolve();
      await demand;
    }
  }

  /**
   * Loads all pages that no fault has asked for, and resolves when none of them
   * is pending. Pauses while a fault is being served; for a high-latency source
   * it loads the pages around the fault instead.
   *
   * @throws {SourceError} if a page cannot be read; call it again to continue
   */
  async loadPending(options: LoadPendingOptions = {}): Promise<void> {
    const { signal, whenChanged = nextTurn } = options;
    const count = Math.min(LANES, this.#parallelReads);
    const lanes = Array.from({ length: count }, (_, lane) => lane);
    const unasked = {
      work: this.work,
      presentIn: (run: PageRun) => this.#presentIn(run, { signal }),
      gate: this.#gate,
      front: this.#front,
    };
    for (let isDone = false; !isDone;) {
      isDone = true;
      const incomplete = this.#incomplete;
      await inLanes(lanes, unaskedRuns(unasked, options), async (run) => {
        if (this.#front === undefined) await this.#gate.idle(signal);
        const ended = await options.whenFree?.(this.work.bytesAtOnce);
        const part = this.work.pages.takeNext(run);
        if (part === undefined) return ended?.();
        const end = await this.#load(part, { signal }).finally(ended);
        if (part.end < run.end) isDone = false;
        if (end < part.end) await waitFor(whenChanged(), { signal });
      });
      // Pages that a fault had taken were skipped, and may be pending again.
      if (this.#incomplete !== incomplete) isDone = false;
      for (const { landed } of [...this.#flights]) {
        isDone = false;
        await waitFor(landed, { signal });
      }
      signal?.throwIfAborted();
    }
  }

  /** Maximum bytes of one read. */
  get bytesAtOnce(): number {
    return this.work.bytesAtOnce;
  }

  /** Marks pages as removed by their owner: they are zero from now on. */
  handleRemove(run: PageRun): void {
    const first = Math.max(0, run.first);
    this.work.pages.remove({ first, end: Math.min(this.pageCount, run.end) });
  }

  /** Loads pages that were taken; returns as `PostcopyWork.install` does. */
  async #load(run: PageRun, options: ReadOptions): Promise<number> {
    const { promise: landed, resolve } = Promise.withResolvers<void>();
    const flight: Flight = { ...run, landed };
    this.#flights.add(flight);
    let end = run.first;
    try {
      end = await this.#fill(run, options);
      return end;
    } finally {
      if (end < run.end) this.#incomplete++;
      this.work.pages.release(run);
      this.#flights.delete(flight);
      resolve();
    }
  }

  /** Reads pages and puts them in place; returns as `#load` does. */
  async #fill(run: PageRun, options: ReadOptions): Promise<number> {
    const buffer = this.work.takeBuffer();
    try {
      const present: PageRun[] = [];
      for await (const part of this.#presentIn(run, options)) {
        const { target, offset } = this.work.targetOf(buffer, { run, part });
        await this.#memory.readInto(target, offset, options);
        present.push(part);
      }
      return this.work.install(run, present, { bytes: buffer, start: 0 });
    } finally {
      this.work.giveBuffer(buffer);
    }
  }

  /** Yields the host pages of a run that are not zero. */
  async *#presentIn(
    run: PageRun,
    { signal }: ReadOptions,
  ): AsyncGenerator<PageRun> {
    const wanted = targetPagesOf(run, this.work.geometry);
    const joiner = new HostRuns(run, this.work.geometry);
    const runs = this.#memory.presentRuns({ ...wanted, signal });
    for await (const present of runs) yield* joiner.add(present);
    yield* joiner.rest();
  }

  get #parallelReads(): number {
    return this.#memory.parallelReads ?? 1;
  }

  #flightOf(page: number): Flight | undefined {
    for (const it of this.#flights) {
      if (page >= it.first && page < it.end) return it;
    }
    return undefined;
  }
}

/** Pages that are being loaded. */
interface Flight extends PageRun {
  /** Resolves when the load has ended, successfully or not. */
  readonly landed: Promise<void>;
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve));
}
