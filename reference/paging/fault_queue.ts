import { PageBitmap } from "../../format/bitmap/mod.ts";
import { backoff } from "../work/mod.ts";

/** Milliseconds before a retry; the delay doubles each time. */
const DELAYS = { first: 20, longest: 2000 };
/** Faults that are listed one by one; of the others only a bit is kept. */
const LISTED_MAX = 256;
/** Tries one after the other, where the memory is being changed. */
const QUICK_TRIES = 8;
/** The wait before each later one, in milliseconds. */
const CHANGE_DELAY = 1;

/** A page that somebody waits for. */
export interface QueuedFault<Region> {
  readonly region: Region;
  readonly page: number;
}

interface Entry<Region> extends QueuedFault<Region> {
  isActive: boolean;
  failedSince: number | undefined;
  retryAt: number;
  /** How often it could not be read. */
  failures: number;
  stops: number;
}

/**
 * Faults that are not served yet, each page once. The first are listed, in the
 * order they came; the others wait as a bit each until there is room, however
 * many a process makes.
 */
export class FaultQueue<Region extends { readonly pageCount: number }> {
  readonly #listed = new Set<Entry<Region>>();
  readonly #byPage = new Map<Region, Map<number, Entry<Region>>>();
  readonly #others = new Map<Region, PageBitmap>();
  readonly #retryFor: number;
  #otherCount = 0;

  /** A page that cannot be had for so many milliseconds is a failure. */
  constructor(retryFor: number) {
    this.#retryFor = retryFor;
  }

  /** How many there are. */
  get size(): number {
    return this.#listed.size + this.#otherCount;
  }

  /** Whether some page cannot be had for long. */
  get hasFailed(): boolean {
    if (this.#listed.size === 0) return false;
    const limit = performance.now() - this.#retryFor;
    for (const { failedSince } of this.#listed) {
      if (failedSince !== undefined && failedSince <= limit) return true;
    }
    return false;
  }

  /** Milliseconds until one is to be tried again; `Infinity` if none is. */
  get timeout(): number {
    if (this.#listed.size === 0) return Infinity;
    let least = Infinity;
    for (const it of this.#listed) {
      if (!it.isActive) least = Math.min(least, it.retryAt);
    }
    return least - performance.now();
  }

  /** Somebody waits for a page. */
  add(region: Region, page: number): void {
    if (this.#entryOf({ region, page }) !== undefined) return;
    if (this.#listed.size < LISTED_MAX && this.#otherCount === 0) {
      return this.#list(region, page);
    }
    let others = this.#others.get(region);
    if (others === undefined) {
      others = new PageBitmap(region.pageCount);
      this.#others.set(region, others);
    }
    if (others.isSet(page)) return;
    others.set(page);
    this.#otherCount++;
  }

  /** Those that can be tried now. */
  due(): readonly QueuedFault<Region>[] {
    if (this.#listed.size === 0) return [];
    const now = performance.now();
    const due: Entry<Region>[] = [];
    for (const it of this.#listed) {
      if (!it.isActive && it.retryAt <= now) due.push(it);
    }
    return due;
  }

  /** It is being served; false if it was already. */
  start(fault: QueuedFault<Region>): boolean {
    const entry = this.#entryOf(fault);
    if (entry === undefined || entry.isActive) return false;
    entry.isActive = true;
    return true;
  }

  /**
   * It could not be served just now, since its memory is being changed. What
   * changes it may need this very processor: after some tries they are rarer.
   */
  stopped(fault: QueuedFault<Region>): void {
    const entry = this.#entryOf(fault);
    if (entry === undefined) return;
    entry.isActive = false;
    if (++entry.stops > QUICK_TRIES) {
      entry.retryAt = performance.now() + CHANGE_DELAY;
    }
  }

  /** It was served. */
  done(fault: QueuedFault<Region>): void {
    const entry = this.#entryOf(fault);
    if (entry === undefined) return;
    this.#listed.delete(entry);
    this.#byPage.get(entry.region)?.delete(entry.page);
    if (this.#otherCount > 0) this.#listNext();
  }

  /** It could not be read: it is tried again after a while. */
  failed(fault: QueuedFault<Region>): void {
    const entry = this.#entryOf(fault);
    if (entry === undefined) return;
    const now = performance.now();
    entry.isActive = false;
    entry.failedSince ??= now;
    entry.retryAt = now + backoff(entry.failures++, DELAYS);
  }

  #entryOf(fault: QueuedFault<Region>): Entry<Region> | undefined {
    return this.#byPage.get(fault.region)?.get(fault.page);
  }

  #list(region: Region, page: number): void {
    const entry: Entry<Region> = {
      region,
      page,
      isActive: false,
      failedSince: undefined,
      retryAt: 0,
      failures: 0,
      stops: 0,
    };
    let pages = this.#byPage.get(region);
    if (pages === undefined) this.#byPage.set(region, pages = new Map());
    pages.set(page, entry);
    this.#listed.add(entry);
  }

  #listNext(): void {
    for (const [region, others] of this.#others) {
      const page = others.nextSet(0);
      if (page === others.pageCount) {
        this.#others.delete(region);
        continue;
      }
      others.clear(page);
      this.#otherCount--;
      return this.#list(region, page);
    }
  }
}
