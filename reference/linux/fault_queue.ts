/** The first wait before another try, in milliseconds; it doubles. */
const FIRST_DELAY = 20;
const LONGEST_DELAY = 2000;

/** A page that somebody waits for. */
export interface QueuedFault<Region> {
  readonly region: Region;
  readonly page: number;
}

interface Entry<Region> extends QueuedFault<Region> {
  isActive: boolean;
  failedSince: number | undefined;
  retryAt: number;
  delay: number;
}

/** Faults that are not served yet, each page once, in the order they came. */
export class FaultQueue<Region> {
  readonly #entries = new Map<Region, Map<number, Entry<Region>>>();
  readonly #retryFor: number;
  #size = 0;

  /** A page that cannot be had for so many milliseconds is a failure. */
  constructor(retryFor: number) {
    this.#retryFor = retryFor;
  }

  /** How many there are. */
  get size(): number {
    return this.#size;
  }

  /** Whether some page cannot be had for long. */
  get hasFailed(): boolean {
    if (this.#size === 0) return false;
    const limit = performance.now() - this.#retryFor;
    return this.#all().some(({ failedSince }) =>
      failedSince !== undefined && failedSince <= limit
    );
  }

  /** Milliseconds until one is to be tried again; `Infinity` if none is. */
  get timeout(): number {
    if (this.#size === 0) return Infinity;
    const now = performance.now();
    return Math.min(
      ...this.#all().map((it) => it.isActive ? Infinity : it.retryAt - now),
    );
  }

  /** Somebody waits for a page. */
  add(region: Region, page: number): void {
    let pages = this.#entries.get(region);
    if (pages === undefined) this.#entries.set(region, pages = new Map());
    if (pages.has(page)) return;
    pages.set(page, {
      ...{ region, page, isActive: false, failedSince: undefined },
      ...{ retryAt: 0, delay: FIRST_DELAY },
    });
    this.#size++;
  }

  /** Those that can be tried now. */
  due(): readonly QueuedFault<Region>[] {
    if (this.#size === 0) return [];
    const now = performance.now();
    return this.#all().filter((it) => !it.isActive && it.retryAt <= now);
  }

  /** It is being served; false if it was already. */
  start(fault: QueuedFault<Region>): boolean {
    const entry = this.#entryOf(fault);
    if (entry === undefined || entry.isActive) return false;
    entry.isActive = true;
    return true;
  }

  /** It could not be served just now. */
  stopped(fault: QueuedFault<Region>): void {
    const entry = this.#entryOf(fault);
    if (entry !== undefined) entry.isActive = false;
  }

  /** It was served. */
  done({ region, page }: QueuedFault<Region>): void {
    if (this.#entries.get(region)?.delete(page)) this.#size--;
  }

  /** It could not be read: it is tried again after a while. */
  failed(fault: QueuedFault<Region>): void {
    const entry = this.#entryOf(fault);
    if (entry === undefined) return;
    const now = performance.now();
    entry.isActive = false;
    entry.failedSince ??= now;
    entry.retryAt = now + entry.delay;
    entry.delay = Math.min(2 * entry.delay, LONGEST_DELAY);
  }

  #entryOf(fault: QueuedFault<Region>): Entry<Region> | undefined {
    return this.#entries.get(fault.region)?.get(fault.page);
  }

  #all(): Entry<Region>[] {
    return [...this.#entries.values()].flatMap((it) => [...it.values()]);
  }
}
