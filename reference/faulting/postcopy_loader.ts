import type { PageRun } from "../../format/bitmap/mod.ts";
import { DemandGate, MovingFront, type ReadOptions } from "../sources/mod.ts";
import { inLanes, waitFor } from "../work/mod.ts";
import type { PageInstaller, PostcopyMemory } from "./page_installer.ts";
import { HostRuns, targetPagesOf } from "./postcopy_geometry.ts";
import { PostcopyWork } from "./postcopy_work.ts";
import { type LoadPendingOptions, unaskedRuns } from "./unasked_runs.ts";

/** Reads of the background under way at once, where each makes one wait. */
const LANES = 4;
/** Bytes that are put in place around a fault. */
const FAULT_AROUND = 0x10000;

/** How to fill a memory. */
export interface PostcopyLoaderOptions {
  /** Offset in the source of the memory's first byte. Default: 0. */
  readonly origin?: number | undefined;
  /**
   * Bytes around a fault that are put in place with it, a multiple of the page
   * size. Default: 64 KiB, or a page where pages are larger.
   */
  readonly faultAround?: number | undefined;
}

/**
 * Fills a memory with the pages of a RAMBlock: those that somebody waits for
 * first, the rest in the background. Each page is put in place once; a page that
 * cannot be read stays pending; what its owner removed is zero for ever.
 *
 * Pages are counted in host pages, those of the memory.
 *
 * @example
 * ```ts
 * import { PostcopyLoader } from "../../mod.ts";
 * import type { PageInstaller, RAMBlock } from "../../mod.ts";
 *
 * async function fill(ram: RAMBlock, memory: PageInstaller): Promise<void> {
 *   const loader = new PostcopyLoader(ram, memory);
 *   await loader.handleFault(7); // somebody waits for it
 *   loader.handleRemove({ first: 100, end: 200 }); // these are not wanted
 *   await loader.loadPending();
 *   console.log(loader.pendingCount); // 0
 * }
 * ```
 */
export class PostcopyLoader {
  /** How many pages the memory has. */
  readonly pageCount: number;
  /** @internal */
  protected readonly work: PostcopyWork;
  readonly #memory: PostcopyMemory;
  readonly #gate = new DemandGate();
  /** Where somebody waits, if the source is far away. */
  readonly #front: MovingFront<PostcopyMemory> | undefined;
  readonly #flights = new Set<Flight>();
  /** How many loads have not put all of their pages in place. */
  #incomplete = 0;

  /** Over a memory of which all pages are missing. */
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

  /** How many pages are neither in place nor removed. */
  get pendingCount(): number {
    return this.work.pages.missingCount;
  }

  /**
   * Somebody waits for a page. Resolves when it is in place: true; or when it
   * cannot be just now, because the memory is being changed: false, then the
   * fault is to be handled again when it is not.
   *
   * @throws {SourceError} if it cannot be read; it stays pending
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
          // Whoever loads it may fail; then it is up to us.
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
   * Loads the pages that nobody has asked for. Resolves when none of those is
   * pending any more. It waits while somebody waits for another page; where each
   * read waits for something far away, it loads what is around that instead.
   *
   * @throws {SourceError} if something cannot be read; the work can be taken up
   *   again
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
      // What a fault took was passed over, and may have been given back since.
      if (this.#incomplete !== incomplete) isDone = false;
      for (const { landed } of [...this.#flights]) {
        isDone = false;
        await waitFor(landed, { signal });
      }
      signal?.throwIfAborted();
    }
  }

  /** Bytes that one read takes at most. */
  get bytesAtOnce(): number {
    return this.work.bytesAtOnce;
  }

  /** Pages were given back by their owner: they are zero from now on. */
  handleRemove(run: PageRun): void {
    const first = Math.max(0, run.first);
    this.work.pages.remove({ first, end: Math.min(this.pageCount, run.end) });
  }

  /** Loads pages that were taken; as `install`. */
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

  /** Reads pages and puts them in place; as `install`. */
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

  /** The host pages of a run that are not zero. */
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

/** Pages that are on their way. */
interface Flight extends PageRun {
  /** Resolves when they are there, or will not be. */
  readonly landed: Promise<void>;
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve));
}
