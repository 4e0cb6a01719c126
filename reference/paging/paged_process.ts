import { SyncPostcopyLoader } from "../faulting/mod.ts";
import {
  SystemCallError,
  type UserfaultEvent,
  type Userfaultfd,
} from "../linux/mod.ts";
import { SourceError } from "../sources/mod.ts";
import { FaultQueue } from "./fault_queue.ts";
import type { PagerOptions } from "./pager_options.ts";
import { ProcessReads, type ReadWatch, RETRY_DELAY } from "./process_reads.ts";
import { type PagedRegion, ServedRegion } from "./served_region.ts";

/** What was done for a process so far. */
export interface PagerStatistics {
  /** Faults that were told of. */
  faults: number;
  /** Bytes that their owner gave back. */
  removedBytes: number;
  /** Reads that failed and were tried again. */
  retries: number;
  /** Pages that are neither in place nor removed. */
  pendingPages: number;
  /** Whether all that is not zero is in place. */
  loaded: boolean;
}

/** Milliseconds of work for one process, after which it is the others' turn. */
const SLICE = 2;
/** Events that are read at once, at most. */
const EVENTS_AT_ONCE = 64;

/** One process whose page faults are served: a VM, or this process itself. */
export class PagedProcess {
  /** Tells of its faults. */
  readonly uffd: Userfaultfd;
  readonly #regions: readonly ServedRegion[];
  readonly #queue: FaultQueue<ServedRegion>;
  readonly #options: PagerOptions;
  readonly #statistics = { faults: 0, removedBytes: 0, retries: 0 };
  #background: Iterator<boolean> | undefined;
  readonly #reads: ProcessReads;
  #backgroundAfter = 0;
  #loaded = false;
  /** Whether what is read is another version than was opened: no try will do. */
  #isChanged = false;
  #eventsAtOnce = EVENTS_AT_ONCE;

  /** Nothing is read or put in place yet. */
  constructor(
    uffd: Userfaultfd,
    plans: readonly PagedRegion[],
    options: PagerOptions,
  ) {
    this.uffd = uffd;
    this.#options = options;
    this.#queue = new FaultQueue(options.retryFor);
    this.#regions = plans.map((plan) => new ServedRegion(uffd, plan, options));
    this.#reads = new ProcessReads({
      regions: this.#regions,
      queue: this.#queue,
      options,
      onFailure: (error) => this.#failed(error),
    });
  }

  /** What was done so far. */
  get statistics(): PagerStatistics {
    const pendingPages = this.#regions.reduce(
      (sum, { loader }) => sum + loader.pendingCount,
      0,
    );
    return { ...this.#statistics, pendingPages, loaded: this.#loaded };
  }

  /** Whether somebody waits for a page that could not be served at once. */
  get hasQueued(): boolean {
    return this.#queue.size > 0;
  }

  /** Whether a page could not be had for longer than it is to be tried. */
  get hasFailed(): boolean {
    return this.#queue.hasFailed || this.#isChanged && this.hasQueued;
  }

  /** Whether the background has something to do now. */
  get wantsBackground(): boolean {
    return this.#options.background && !this.#loaded &&
      performance.now() >= this.#backgroundAfter;
  }

  /** Milliseconds until something is to be tried again. */
  get timeout(): number {
    const background = this.#options.background && !this.#loaded
      ? this.#backgroundAfter - performance.now()
      : Infinity;
    const queue = this.#reads.isHeld ? Infinity : this.#queue.timeout;
    return Math.max(0, Math.min(queue, background));
  }

  /**
   * Reads what happened. All else is taken into account before the faults: who
   * removes memory goes on as soon as that is read, so from here on nothing old
   * may be put there. Faults are served where that needs no waiting, or queued.
   * Of many, some are left for the next turn. Returns how many there were.
   */
  readEvents(): number {
    const events = this.uffd.read(this.#eventsAtOnce);
    if (events.length === 1 && events[0].kind === "fault") {
      this.#fault(events[0].address, true);
      return 1;
    }
    if (events.length === 0) return 0;
    const end = performance.now() + SLICE;
    for (const event of events) {
      if (event.kind !== "fault") this.#take(event);
    }
    for (const event of events) {
      if (event.kind !== "fault") continue;
      this.#fault(event.address, performance.now() < end);
    }
    const isLate = performance.now() >= end;
    this.#eventsAtOnce = isLate
      ? Math.ceil(this.#eventsAtOnce / 4)
      : Math.min(2 * this.#eventsAtOnce, EVENTS_AT_ONCE);
    return events.length;
  }

  #take(event: UserfaultEvent): void {
    if (event.kind === "fork" || event.kind === "fault") return;
    for (const region of this.#regions) {
      this.#statistics.removedBytes += region.take(event);
    }
  }

  #fault(address: number, isNow: boolean): void {
    for (const region of this.#regions) {
      const page = region.pageAt(address);
      if (page === undefined) continue;
      this.#statistics.faults++;
      const { pageSize, origin, idstr, memory } = region.plan;
      if (isNow) this.#serve(region, page);
      else this.#queue.add(region, page);
      this.#options.onFault?.({
        idstr,
        page: Math.floor((origin + page * pageSize) / memory.pageSize),
      });
      return;
    }
  }

  /** Serves a page if that needs no waiting, else queues it. */
  #serve(region: ServedRegion, page: number): void {
    const { loader } = region;
    if (!(loader instanceof SyncPostcopyLoader)) {
      return this.#queue.add(region, page);
    }
    try {
      if (!loader.handleFaultSync(page)) this.#queue.add(region, page);
    } catch (error) {
      this.#queue.add(region, page);
      this.#queue.failed({ region, page });
      this.#failed(error);
    }
  }

  /** Serves what is queued, where that needs no waiting, for a while. */
  serveSync(): void {
    const end = performance.now() + SLICE;
    for (const fault of this.#queue.due()) {
      const { loader } = fault.region;
      if (!(loader instanceof SyncPostcopyLoader)) {
        throw new TypeError("Cannot serve a fault at once: its source waits");
      }
      try {
        if (loader.handleFaultSync(fault.page)) this.#queue.done(fault);
        else this.#queue.stopped(fault);
      } catch (error) {
        this.#failed(error);
        this.#queue.failed(fault);
      }
      if (performance.now() >= end) return;
    }
  }

  /** Starts to serve what is queued. */
  serve(watch: ReadWatch): void {
    this.#reads.serve(watch);
  }

  /** Does a piece of the background's work, at once. */
  backgroundStep(): void {
    this.#background ??= this.#allPending();
    try {
      if (this.#background.next().done) this.#finish();
    } catch (error) {
      this.#background = undefined;
      this.#failed(error);
      this.#backgroundAfter = performance.now() + RETRY_DELAY;
    }
  }

  *#allPending(): Generator<boolean> {
    const runs = [...this.#options.loadFirst ?? []];
    for (const { loader, plan } of this.#regions) {
      if (!(loader instanceof SyncPostcopyLoader)) continue;
      const loadFirst = runs.filter(({ idstr }) => idstr === plan.idstr);
      yield* loader.loadPendingSync({ loadFirst, zeroPages: false });
    }
  }

  /** Starts all of the background's work; it tries again what fails. */
  load(watch: ReadWatch): void {
    this.#reads.load(watch, () => this.#finish());
  }

  /** All that is not zero is in place: what is missing may become zero. */
  #finish(): void {
    this.#loaded = true;
    for (const region of this.#regions) region.unwatch();
    this.#options.onLoaded?.();
  }

  #failed(error: unknown): void {
    const isGone = error instanceof SystemCallError && error.is("ESRCH");
    if (isGone || !(error instanceof SourceError)) throw error;
    this.#isChanged ||= error.changed;
    this.#statistics.retries++;
    this.#options.onRetry?.(error);
  }

  /**
   * Serves it no more: nothing is put in place from now on, and its descriptor
   * may be closed.
   */
  stop(): void {
    this.uffd.release();
    for (const region of this.#regions) region[Symbol.dispose]();
    this.#reads.stop();
  }

  /** Resolves when no read for it is under way. */
  settled(): Promise<void> {
    return this.#reads.settled();
  }
}
