import { Doorbell } from "./doorbell.ts";
import { EventDescriptor } from "./event_descriptor.ts";
import type { PagedProcess } from "./paged_process.ts";
import { PollSet } from "./poll_set.ts";
import { linux } from "./system_calls.ts";

/** Milliseconds between two calls of `onTurn`, at least. */
const REPORT_INTERVAL = 250;
/**
 * How often it looks for another fault, after one, before it sleeps: a fault is
 * mostly followed by the next, and to be woken takes longer than to serve it.
 */
const LOOKS_BEFORE_SLEEP = 20;
/** Of so many looks, one is at all descriptors, not at the only process alone. */
const LOOKS_AT_ALL = 8;

/** What becomes of a process that is served. */
export interface PagerWatch {
  /** It cannot be served any more: it has ended, or something is wrong. */
  onEnd(error: unknown): void;
  /** A page cannot be had for longer than it is to be tried. Told once. */
  onFailed(): void;
  /** Is called now and then, after some of its work. */
  onTurn?(): void;
}

interface Served extends PagerWatch {
  readonly process: PagedProcess;
  readonly stop: AbortController;
  isFailed: boolean;
}

/** Serves the page faults of some processes, in one thread. */
export class PagerLoop implements Disposable {
  /** Other descriptors that are waited for, too. */
  readonly set: PollSet = new PollSet();
  readonly #bell: EventDescriptor;
  readonly #isStopped: () => boolean;
  readonly #spareWork: () => boolean;
  readonly #served = new Set<Served>();
  /** The one that is served, if it is the only one. */
  #only: Served | undefined;
  #isSync = true;
  #nextBackground = 0;
  #reportAt = 0;
  #hasSpareWork = true;
  #wake: () => void = () => {};

  /**
   * `wakeFd` is rung when `isStopped` may have changed; `spareWork` is a piece of
   * what is done without haste, and gives whether there is more.
   */
  constructor(
    wakeFd: number,
    { isStopped, spareWork }: {
      readonly isStopped: () => boolean;
      readonly spareWork: () => boolean;
    },
  ) {
    this.#spareWork = spareWork;
    this.#bell = new EventDescriptor(wakeFd);
    this.#isStopped = isStopped;
    this.set.add(wakeFd, () => this.#bell.clear());
  }

  /** Serves one more. */
  add(process: PagedProcess, watch: PagerWatch): void {
    const stop = new AbortController();
    const served: Served = {
      process,
      stop,
      isFailed: false,
      onEnd: (error) => watch.onEnd(error),
      onFailed: () => watch.onFailed(),
      onTurn: () => watch.onTurn?.(),
    };
    this.#served.add(served);
    this.#countServed();
    this.set.add(process.uffd.fd, () => this.#readEvents(served));
    if (!this.#isSync) this.#startBackground(served);
  }

  /** Serves it no more. */
  delete(process: PagedProcess): void {
    for (const served of this.#served) {
      if (served.process === process) this.#end(served);
    }
  }

  /** Serves until it is stopped, without giving the thread to anything else. */
  runSync(): void {
    let looks = 0;
    for (let turn = 0; !this.#isStopped(); turn++) {
      const only = looks > 0 && turn % LOOKS_AT_ALL > 0
        ? this.#only
        : undefined;
      const ready = only === undefined
        ? this.set.poll(looks > 0 ? 0 : this.#timeout())
        : this.#readEvents(only);
      if (ready > 0) {
        looks = LOOKS_BEFORE_SLEEP;
        // With several there is always one to answer: those who wait for this
        // very processor would have it at the next tick of the clock only.
        if (this.#served.size > 1) linux().call.sched_yield();
      } else if (looks > 0) {
        looks--;
        linux().call.sched_yield();
      }
      for (const it of this.#served) {
        if (it.process.hasQueued) {
          this.#guard(it, () => it.process.serveSync());
        }
      }
      this.#report();
      // Who waits comes first; then one piece for one of them.
      if (ready > 0) continue;
      if (this.#hasSpareWork) this.#hasSpareWork = this.#spareWork();
      this.#background();
    }
  }

  /** Serves until it is stopped; other work of the thread goes on meanwhile. */
  async run(): Promise<void> {
    this.#isSync = false;
    for (const it of this.#served) this.#startBackground(it);
    using doorbell = new Doorbell();
    let rung = this.#arm(doorbell);
    while (!this.#isStopped()) {
      const woken = new Promise<void>((resolve) => this.#wake = resolve);
      const timeout = this.#timeout();
      const timer = Number.isFinite(timeout)
        ? setTimeout(this.#wake, Math.max(1, timeout))
        : undefined;
      await Promise.race([rung.promise, woken]);
      clearTimeout(timer);
      if (rung.isDone) {
        this.set.poll(0);
        rung = this.#arm(doorbell);
      }
      for (const it of this.#served) {
        this.#guard(it, () => it.process.serve(() => this.#wake()));
      }
      this.#report();
    }
    for (const it of this.#served) it.stop.abort();
    this.#bell.ring();
    await rung.promise;
  }

  /** Returns how many events there were. */
  #readEvents(served: Served): number {
    let count = 0;
    this.#guard(served, () => {
      count = served.process.readEvents();
    });
    return count;
  }

  #countServed(): void {
    const [first, ...others] = this.#served;
    this.#only = others.length === 0 ? first : undefined;
  }

  #arm(doorbell: Doorbell): { promise: Promise<void>; isDone: boolean } {
    const rung = {
      promise: doorbell.ring(this.set).then(() => {
        rung.isDone = true;
      }),
      isDone: false,
    };
    return rung;
  }

  /** Lets each tell how far it is, now and then. */
  #report(): void {
    const now = performance.now();
    if (now < this.#reportAt) return;
    this.#reportAt = now + REPORT_INTERVAL;
    for (const it of this.#served) it.onTurn?.();
  }

  #timeout(): number {
    if (this.#isSync && this.#hasSpareWork) return 0;
    let least = Infinity;
    for (const { process } of this.#served) {
      if (this.#isSync && process.wantsBackground) return 0;
      least = Math.min(least, process.timeout);
    }
    return least;
  }

  #background(): void {
    if (this.#served.size === 0) return;
    const wanting = [...this.#served].filter((it) =>
      it.process.wantsBackground
    );
    const next = wanting[this.#nextBackground++ % wanting.length];
    if (next !== undefined) {
      this.#guard(next, () => next.process.backgroundStep());
    }
  }

  #startBackground(served: Served): void {
    const { process, stop } = served;
    if (!process.wantsBackground) return;
    process.loadAll(stop.signal).catch((error) =>
      this.#guard(served, () => {
        throw error;
      })
    );
  }

  #guard(served: Served, work: () => void): void {
    try {
      work();
    } catch (error) {
      this.#end(served);
      served.onEnd(error);
      return;
    }
    if (served.isFailed || !served.process.hasFailed) return;
    served.isFailed = true;
    served.onFailed();
  }

  #end(served: Served): void {
    served.stop.abort();
    this.#served.delete(served);
    this.#countServed();
    this.set.delete(served.process.uffd.fd);
  }

  /** Gives its memory back. */
  [Symbol.dispose](): void {
    this.set[Symbol.dispose]();
  }
}
