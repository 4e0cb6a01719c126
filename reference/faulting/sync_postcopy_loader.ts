import type { PageRun } from "../../format/bitmap/mod.ts";
import { SourceError } from "../sources/mod.ts";
import type { PageInstaller, SyncPostcopyMemory } from "./page_installer.ts";
import { hostPagesOf, HostRuns, targetPagesOf } from "./postcopy_geometry.ts";
import {
  PostcopyLoader,
  type PostcopyLoaderOptions,
} from "./postcopy_loader.ts";
import { SurroundingPages } from "./surrounding_pages.ts";
import type { LoadPendingOptions } from "./unasked_runs.ts";

/** Bytes that the background puts in place between two polls for faults. */
const STEP = 0x80000;
/** The same if reading them takes long. */
const SLOW_STEP = 0x10000;
/** Bytes around a fault that are then put in place at a time. */
const AROUND_STEP = 0x4000;

/** A PostcopyLoader that can also be used synchronously. */
export class SyncPostcopyLoader extends PostcopyLoader {
  readonly #memory: SyncPostcopyMemory;
  readonly #pageFirst: boolean;
  readonly #around = new SurroundingPages();

  /** Creates a loader for a memory whose pages are all missing. */
  constructor(
    memory: SyncPostcopyMemory,
    installer: PageInstaller,
    options: PostcopyLoaderOptions = {},
  ) {
    super(memory, installer, options);
    this.#memory = memory;
    this.#pageFirst = options.pageFirst ?? false;
  }

  /** Synchronous `handleFault`. */
  handleFaultSync(pageIndex: number): boolean {
    if (this.#pageFirst) return this.#handlePageFirst(pageIndex);
    const run = this.work.takeFault(pageIndex);
    return typeof run === "boolean" ? run : pageIndex < this.#load(run);
  }

  #handlePageFirst(pageIndex: number): boolean {
    const { work } = this;
    const window = work.windowOf(pageIndex);
    // More if other faults have been there, as of a thread that reads on.
    const placed = window.end - window.first - work.pages.countMissing(window);
    const end = Math.min(window.end, pageIndex + Math.max(1, 3 * placed));
    const run = work.takeFault(pageIndex, { first: pageIndex, end });
    if (typeof run === "boolean") return run;
    this.#around.add(run, window);
    return pageIndex < this.#load(run);
  }

  /** Whether `loadAroundSync` may have something to do. */
  get hasAround(): boolean {
    return this.#around.size > 0;
  }

  /** Loads some pages around a fault; returns whether there were any. */
  loadAroundSync(): boolean {
    const { work } = this;
    const count = Math.ceil(AROUND_STEP / work.geometry.hostPageSize);
    const run = this.#around.takeNext(work.pages, count);
    if (run !== undefined) this.#load(run);
    return run !== undefined;
  }

  /**
   * Synchronous `loadPending`, one piece a step, so that faults can be handled
   * between steps. A step yields false if part of its piece is still missing,
   * because the memory is being changed; that part is loaded later.
   */
  *loadPendingSync(
    options: Pick<LoadPendingOptions, "loadFirst" | "zeroPages"> = {},
  ): Generator<boolean> {
    for (let isDone = false; !isDone;) {
      isDone = true;
      for (const run of this.#unasked(options)) {
        const part = this.work.pages.takeNext(run);
        if (part === undefined) continue;
        const isWhole = this.#load(part) === part.end && part.end === run.end;
        if (!isWhole) isDone = false;
        yield isWhole;
      }
    }
  }

  #load(run: PageRun): number {
    try {
      return this.#loadFromView(run) ?? this.#read(run);
    } finally {
      this.work.pages.release(run);
    }
  }

  /**
   * Puts pages in place from a view; returns undefined if that is impossible.
   */
  #loadFromView(run: PageRun): number | undefined {
    const { work } = this;
    if (work.isFiner || this.#memory.viewSync === undefined) return undefined;
    const length = (run.end - run.first) * work.geometry.hostPageSize;
    const view = this.#memory.viewSync(work.offsetOf(run.first), length);
    if (view === undefined) return undefined;
    try {
      return work.install(run, this.#presentPages(run), view);
    } catch (error) {
      // Reading the pages instead reports the cause.
      if (error instanceof SourceError) return undefined;
      throw error;
    }
  }

  #read(run: PageRun): number {
    const buffer = this.work.takeBuffer();
    try {
      const present = this.#presentPages(run);
      for (const part of present) {
        const { target, offset } = this.work.targetOf(buffer, { run, part });
        this.#memory.readIntoSync(target, offset);
      }
      return this.work.install(run, present, { bytes: buffer, start: 0 });
    } finally {
      this.work.giveBuffer(buffer);
    }
  }

  /** Returns the host pages of a run that are not zero. */
  #presentPages(run: PageRun): readonly PageRun[] {
    const memory = this.#memory;
    const page = this.work.targetPage(run.first);
    const last = this.work.targetPage(run.end - 1);
    const isPlain = page !== undefined && last !== undefined;
    if (!isPlain || memory.hasPageSync === undefined) {
      return [...this.#presentIn(run)];
    }
    const runs: PageRun[] = [];
    for (let first = run.first, end = first; end <= run.end; end++) {
      if (end < run.end && memory.hasPageSync(page + end - run.first)) continue;
      if (first < end) runs.push({ first, end });
      first = end + 1;
    }
    return runs;
  }

  *#presentIn(run: PageRun): Generator<PageRun> {
    const wanted = targetPagesOf(run, this.work.geometry);
    const joiner = new HostRuns(run, this.work.geometry);
    for (const present of this.#memory.presentRunsSync(wanted)) {
      yield* joiner.add(present);
    }
    yield* joiner.rest();
  }

  *#unasked(
    options: Pick<LoadPendingOptions, "loadFirst" | "zeroPages">,
  ): Generator<PageRun> {
    const { loadFirst = [], zeroPages = true } = options;
    const all = { first: 0, end: this.pageCount };
    const step = this.#pageFirst ? SLOW_STEP : STEP;
    for (const run of loadFirst) {
      yield* this.work.pieces(hostPagesOf(run, this.work.geometry), step);
    }
    for (const run of this.#presentIn(all)) yield* this.work.pieces(run, step);
    if (zeroPages) yield* this.work.pieces(all, step);
  }
}
