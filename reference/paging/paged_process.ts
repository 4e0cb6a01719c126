import { SyncPostcopyLoader } from "../faulting/mod.ts";
import type { UserfaultEvent, Userfaultfd } from "../linux/mod.ts";
import { SystemCallError } from "../system/mod.ts";
import { SourceError } from "../sources/mod.ts";
import { FaultQueue } from "./fault_queue.ts";
import type { PagerOptions } from "./pager_options.ts";
import { ProcessReads, type ReadWatch, RETRY_DELAY } from "./process_reads.ts";
import { type PagedRegion, ServedRegion } from "./served_region.ts";

/** Statistics of a process that is served. */
export interface PagerStatistics {
  /** Faults received. */
  readonly faults: number;
  /** Bytes that their owner removed. */
  readonly removedBytes: number;
  /** Reads that failed and were retried. */
  readonly retries: number;
  /**
   * Pages that are neither in place nor removed; 0 once `loaded`, when the
   * kernel supplies the missing pages, which are zero.
   */
  readonly pendingPages: number;
  /** Whether all nonzero pages are in place. */
  readonly loaded: boolean;
}

/** Milliseconds of work for one process before the next one's turn. */
const SLICE = 2;
/** Maximum events per read. */
const EVENTS_AT_ONCE = 64;

/** A process whose page faults are served: a VM, or this process itself. */
export class PagedProcess {
  /** Reports the faults of the process. */
  readonly uffd: Userfaultfd;
  readonly #regions: readonly ServedRegion[];
  readonly #queue: FaultQueue<ServedRegion>;
  readonly #options: PagerOptions;
  readonly #statistics = { faults: 0, removedBytes: 0, retries: 0 };
  #background: Iterator<boolean> | undefined;
  readonly #reads: ProcessReads;
  #backgroundAfter = 0;
  #loaded = false;
  /** Whether the source has changed since it was opened: retries cannot help. */
  #isChanged = false;
  #eventsAtOnce = EVENTS_AT_ONCE;

  /** Sets up the regions; reads and fills nothing yet. */
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

  /** Statistics so far. */
  get statistics(): PagerStatistics {
    const loaded = this.#loaded;
    const pendingPages = loaded ? 0 : this.#regions.reduce(
      (sum, { loader }) => sum + loader.pendingCount,
      0,
    );
    return { ...this.#statistics, pendingPages, loaded };
  }

  /** Whether a fault is queued that could not be served at once. */
  get hasQueued(): boolean {
    return this.#queue.size > 0;
  }

  /** Whether a page could not be read for `retryFor` milliseconds. */
  get hasFailed(): boolean {
    return this.#queue.hasFailed || this.#isChanged && this.hasQueued;
  }

  /** Whether the background has work now. */
  get wantsBackground(): boolean {
    return this.#hasBackground && performance.now() >= this.#backgroundAfter;
  }

  get #hasBackground(): boolean {
    return !this.#loaded && (this.#options.background || this.#hasAround);
  }

  /** Whether there are pages around a fault that was served. */
  get #hasAround(): boolean {
    if (!this.#options.pageFirst) return false;
    return this.#regions.some(({ loader }) =>
      loader instanceof SyncPostcopyLoader && loader.hasAround
    );
  }

  /** Milliseconds until the next retry. */
  get timeout(): number {
    const background = this.#hasBackground
      ? this.#backgroundAfter - performance.now()
      : Infinity;
    const queue = this.#reads.isHeld ? Infinity : this.#queue.timeout;
    return Math.max(0, Math.min(queue, background));
  }

  /**
   * Reads events and returns how many there were. Handles all others before the
   * faults: a thread that removes memory continues as soon as its event is
   * read, so from then on no old page may be put there. A fault is served at
   * once if its source is synchronous, else queued; if there are many, the rest
   * are queued for the next turn.
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

  /** Serves a page if its source is synchronous, else queues it. */
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

  /** Serves queued faults synchronously, for one slice at most. */
  serveSync(): void {
    const end = performance.now() + SLICE;
    for (const fault of this.#queue.due()) {
      const { loader } = fault.region;
      if (!(loader instanceof SyncPostcopyLoader)) {
        throw new TypeError("Cannot serve a fault now: its source is async");
      }
      try {
        if (loader.handleFaultSync(fault.page)) this.#queue.done(fault);
        else this.#queue.postponed(fault);
      } catch (error) {
        this.#failed(error);
        this.#queue.failed(fault);
      }
      if (performance.now() >= end) return;
    }
  }

  /** Starts to serve queued faults asynchronously. */
  serve(watch: ReadWatch): void {
    this.#reads.serve(watch);
  }

  /** Does one piece of the background's work synchronously. */
  backgroundStep(): void {
    try {
      if (this.#loadAround() || !this.#options.background) return;
      this.#background ??= this.#allPending();
      if (this.#background.next().done) this.#finish();
    } catch (error) {
      this.#background = undefined;
      this.#failed(error);
      this.#backgroundAfter = performance.now() + RETRY_DELAY;
    }
  }

  #loadAround(): boolean {
    if (!this.#hasAround) return false;
    return this.#regions.some(({ loader }) =>
      loader instanceof SyncPostcopyLoader && loader.loadAroundSync()
    );
  }

  *#allPending(): Generator<boolean> {
    const runs = [...this.#options.loadFirst ?? []];
    for (const { loader, plan } of this.#regions) {
      if (!(loader instanceof SyncPostcopyLoader)) continue;
      const loadFirst = runs.filter(({ idstr }) => idstr === plan.idstr);
      yield* loader.loadPendingSync({ loadFirst, zeroPages: false });
    }
  }

  /** Starts all of the background's work, which retries failed reads. */
  load(watch: ReadWatch): void {
    this.#reads.load(watch, () => this.#finish());
  }

  /** Ends the load: only zero pages are missing, and need no userfaultfd. */
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
   * Stops serving the process: nothing is put in place from now on, and its
   * descriptor may be closed.
   */
  stop(): void {
    this.uffd.release();
    for (const region of this.#regions) region[Symbol.dispose]();
    this.#reads.stop();
  }

  /** Resolves when all reads for the process have ended. */
  settled(): Promise<void> {
    return this.#reads.settled();
  }
}
