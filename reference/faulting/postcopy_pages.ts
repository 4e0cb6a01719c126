import { PageBitmap, type PageRun } from "../../format/bitmap/mod.ts";

/**
 * The state of each host page of a memory: missing, being loaded, in place, or
 * removed by its owner, after which it stays zero.
 */
export class PostcopyPages {
  /** Number of pages. */
  readonly pageCount: number;
  /** Pages that are neither in place nor removed. */
  readonly #missing: PageBitmap;
  /** Pages that are being loaded. */
  readonly #taken: PageBitmap;
  readonly #removed: PageBitmap;
  #missingCount: number;

  /** Starts with all pages missing. */
  constructor(pageCount: number) {
    this.pageCount = pageCount;
    this.#missing = new PageBitmap(pageCount);
    this.#missing.bytes.fill(0xff);
    this.#taken = new PageBitmap(pageCount);
    this.#removed = new PageBitmap(pageCount);
    this.#missingCount = pageCount;
  }

  /** Number of missing pages, including those being loaded. */
  get missingCount(): number {
    return this.#missingCount;
  }

  /** Number of missing pages of a short run. */
  countMissing({ first, end }: PageRun): number {
    let count = 0;
    for (let page = first; page < end; page++) {
      if (this.#missing.isSet(page)) count++;
    }
    return count;
  }

  /** Whether a page is neither in place nor removed. */
  isMissing(page: number): boolean {
    return this.#missing.isSet(page);
  }

  /** Whether the owner removed a page. */
  isRemoved(page: number): boolean {
    return this.#removed.isSet(page);
  }

  /**
   * Takes a free page with the free pages of `window` adjacent to it. A page is
   * free if it is missing and not being loaded.
   */
  takeAround(page: number, window: PageRun): PageRun {
    // The usual case: the whole window is free.
    if (isSet(this.#missing, window) && isClear(this.#taken, window)) {
      return this.#take(window);
    }
    let first = page;
    while (first > window.first && this.#isFree(first - 1)) first--;
    const end = this.#endOfFree(page, window.end);
    return this.#take({ first, end });
  }

  /** Returns the next free pages of `run`, at most `maxPages`. */
  nextFree(run: PageRun, maxPages = Infinity): PageRun | undefined {
    for (let first = run.first; first < run.end;) {
      first = this.#missing.nextSet(first, run.end);
      if (first === run.end) return undefined;
      if (!this.#taken.isSet(first)) {
        const end = this.#endOfFree(first, Math.min(run.end, first + maxPages));
        return { first, end };
      }
      first = this.#taken.nextClear(first, run.end);
    }
    return undefined;
  }

  /** Takes the next free pages of `run`; undefined if there are none. */
  takeNext(run: PageRun): PageRun | undefined {
    const free = this.nextFree(run);
    return free === undefined ? undefined : this.#take(free);
  }

  /** Ends a load: the pages that are still missing can be taken again. */
  release(run: PageRun): void {
    clearRun(this.#taken, run);
  }

  /** Marks pages as in place. */
  settle(run: PageRun): void {
    if (isSet(this.#missing, run)) {
      clearRun(this.#missing, run);
      this.#missingCount -= run.end - run.first;
      return;
    }
    for (let page = run.first; page < run.end; page++) this.#noLonger(page);
  }

  /**
   * Marks pages as removed by their owner. Removing pages again, even large
   * runs of them, is cheap: only pages not yet removed take time.
   */
  remove({ first, end }: PageRun): void {
    const missing = this.#missing;
    for (
      let page = missing.nextSet(first, end);
      page < end;
      page = missing.nextSet(page, end)
    ) this.#noLonger(page);
    const removed = this.#removed;
    for (
      let page = removed.nextClear(first, end);
      page < end;
      page = removed.nextClear(page, end)
    ) removed.set(page);
  }

  /** Returns the first removed page from `from` on, else `end`. */
  nextRemoved(from: number, end: number): number {
    return this.#removed.nextSet(from, end);
  }

  /** Returns the first page from `from` on that is not removed, else `end`. */
  nextKept(from: number, end: number): number {
    return this.#removed.nextClear(from, end);
  }

  #isFree(page: number): boolean {
    return this.#missing.isSet(page) && !this.#taken.isSet(page);
  }

  #endOfFree(from: number, limit: number): number {
    return this.#taken.nextSet(from, this.#missing.nextClear(from, limit));
  }

  #take(run: PageRun): PageRun {
    setRun(this.#taken, run);
    return run;
  }

  #noLonger(page: number): void {
    if (!this.#missing.isSet(page)) return;
    this.#missing.clear(page);
    this.#missingCount--;
  }
}

/** Sets the bits of a run, whole bytes at once. */
function setRun(bitmap: PageBitmap, { first, end }: PageRun): void {
  let page = first;
  for (; page < end && page % 8 !== 0; page++) bitmap.set(page);
  for (; page + 8 <= end; page += 8) bitmap.bytes[page / 8] = 0xff;
  for (; page < end; page++) bitmap.set(page);
}

/** Clears the bits of a run, whole bytes at once. */
function clearRun(bitmap: PageBitmap, { first, end }: PageRun): void {
  let page = first;
  for (; page < end && page % 8 !== 0; page++) bitmap.clear(page);
  for (; page + 8 <= end; page += 8) bitmap.bytes[page / 8] = 0;
  for (; page < end; page++) bitmap.clear(page);
}

/** Whether all bits of a run are set. */
function isSet(bitmap: PageBitmap, { first, end }: PageRun): boolean {
  return bitmap.nextClear(first, end) === end;
}

/** Whether all bits of a run are clear. */
function isClear(bitmap: PageBitmap, { first, end }: PageRun): boolean {
  return bitmap.nextSet(first, end) === end;
}
