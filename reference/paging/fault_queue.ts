import { PageBitmap } from "../../format/bitmap/mod.ts";
import { backoff } from "../work/mod.ts";

/** Milliseconds before a retry; the delay doubles each time. */
const DELAYS = { first: 20, longest: 2000 };
/** Maximum faults with an entry each; every other fault is one bit. */
const LISTED_MAX = 256;
/** Immediate retries of a fault whose memory is being changed. */
const QUICK_TRIES = 8;
/** Milliseconds before each later retry. */
const CHANGE_DELAY = 1;

/** A page that a thread waits for. */
export interface QueuedFault<Region> {
  readonly region: Region;
  readonly page: number;
}

interface Entry<Region> extends QueuedFault<Region> {
  isActive: boolean;
  failedSince: number | undefined;
  retryAt: number;
  /** Number of failed reads. */
  failures: number;
  /** Number of times it was put back because its memory was being changed. */
  postponements: number;
}

/**
 * Faults that are not served yet, each page once. The first are listed in the
 * order of arrival; the others wait as one bit each until there is room, which
 * bounds the memory whatever the number of faults.
 */
export class FaultQueue<Region extends { readonly pageCount: number }> {
  readonly #listed = new Set<Entry<Region>>();
  readonly #byPage = new Map<Region, Map<number, Entry<Region>>>();
  readonly #others = new Map<Region, PageBitmap>();
  readonly #retryFor: number;
  #otherCount = 0;

  /**
   * Counts a page as failed once its reads fail for `retryFor` milliseconds.
   */
  constructor(retryFor: number) {
    this.#retryFor = retryFor;
  }

  /** Number of faults. */
  get size(): number {
    return this.#listed.size + this.#otherCount;
  }

  /** Whether the reads of some page have failed for `retryFor` milliseconds. */
  get hasFailed(): boolean {
    if (this.#listed.size === 0) return false;
    const limit = performance.now() - this.#retryFor;
    for (const { failedSince } of this.#listed) {
      if (failedSince !== undefined && failedSince <= limit) return true;
    }
    return false;
  }

  /** Milliseconds until the next retry; `Infinity` if there is none. */
  get timeout(): number {
    if (this.#listed.size === 0) return Infinity;
    let earliest = Infinity;
    for (const it of this.#listed) {
      if (!it.isActive) earliest = Math.min(earliest, it.retryAt);
    }
    return earliest - performance.now();
  }

  /** Adds a fault. */
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

  /** Returns the faults that can be served now. */
  due(): readonly QueuedFault<Region>[] {
    if (this.#listed.size === 0) return [];
    const now = performance.now();
    const due: Entry<Region>[] = [];
    for (const it of this.#listed) {
      if (!it.isActive && it.retryAt <= now) due.push(it);
    }
    return due;
  }

  /** Marks a fault as being served; returns false if it already is. */
  start(fault: QueuedFault<Region>): boolean {
    const entry = this.#entryOf(fault);
    if (entry === undefined || entry.isActive) return false;
    entry.isActive = true;
    return true;
  }

  /**
   * Puts back a fault whose memory is being changed. The thread that changes it
   * may need this very processor, so retries are delayed after the first few.
   */
  postponed(fault: QueuedFault<Region>): void {
    const entry = this.#entryOf(fault);
    if (entry === undefined) return;
    entry.isActive = false;
    if (++entry.postponements > QUICK_TRIES) {
      entry.retryAt = performance.now() + CHANGE_DELAY;
    }
  }

  /** Removes a fault that was served. */
  done(fault: QueuedFault<Region>): void {
    const entry = this.#entryOf(fault);
    if (entry === undefined) return;
    this.#listed.delete(entry);
    this.#byPage.get(entry.region)?.delete(entry.page);
    if (this.#otherCount > 0) this.#listNext();
  }

  /** Puts back a fault whose page could not be read, to retry it later. */
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
      postponements: 0,
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
