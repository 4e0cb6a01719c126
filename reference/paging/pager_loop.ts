import { setImmediate } from "node:timers/promises";
import { Doorbell, EventDescriptor, PollSet } from "../linux/mod.ts";
import { Looks } from "./looks.ts";
import { LoopTimers } from "./loop_timers.ts";
import type { PagedProcess } from "./paged_process.ts";
import type { ReadWatch } from "./process_reads.ts";
import { type PagerWatch, ServedProcess } from "./served_process.ts";

/** Milliseconds between two calls of `onTurn`, at least. */
const REPORT_INTERVAL = 250;
/** Milliseconds that the background waits at most while there are faults. */
const BACKGROUND_INTERVAL = 50;

/** Serves the page faults of some processes, in one thread. */
export class PagerLoop implements Disposable {
  /** Other descriptors that are waited for, too. */
  readonly set: PollSet = new PollSet(() => {
    // The thread that waits for them waits for those that there were, and keeps
    // what was closed meanwhile from being closed.
    if (!this.#isSync) this.#bell.ring();
  });
  /** What is to be done later. */
  readonly timers: LoopTimers = new LoopTimers();
  readonly #bell: EventDescriptor;
  readonly #isStopped: () => boolean;
  readonly #spareWork: () => boolean;
  readonly #served = new Set<ServedProcess>();
  /** What is still under way for those that are served no more. */
  readonly #ending = new Set<Promise<void>>();
  /** The one that is served, if it is the only one. */
  #only: ServedProcess | undefined;
  #isSync = true;
  #nextBackground = 0;
  #backgroundAt = 0;
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
    this.set.add(wakeFd, () => {
      if (this.#isSync) this.#bell.clear();
    });
  }

  /** Serves one more. */
  add(process: PagedProcess, watch: PagerWatch): void {
    const served = new ServedProcess(process, watch);
    this.#served.add(served);
    this.#countServed();
    this.set.add(process.uffd.fd, () => {
      // Without events it is ready since it cannot be waited for any more.
      if (this.#readEvents(served) > 0) return;
      this.#guard(served, () => process.uffd.checkNonBlocking());
    });
    if (!this.#isSync) this.#startBackground(served);
  }

  /** Serves it no more; nothing is put in place for it from now on. */
  delete(process: PagedProcess): void {
    for (const served of this.#served) {
      if (served.process === process) this.#end(served);
    }
  }

  /** Serves until it is stopped, without giving the thread to anything else. */
  runSync(): void {
    const looks = new Looks();
    while (!this.#isStopped()) {
      const only = looks.isNarrow ? this.#only : undefined;
      const ready = only === undefined
        ? this.set.poll(looks.isLooking ? 0 : this.#timeout())
        : this.#readEvents(only);
      const now = performance.now();
      if (ready > 0) looks.found(now, this.#served.size > 1);
      else looks.missed(now);
      for (const it of this.#served) {
        if (it.process.hasQueued) {
          this.#guard(it, () => it.process.serveSync());
        }
      }
      this.#report(now);
      this.timers.run();
      // Who waits comes first; then one piece for one of them. But a process that
      // faults without end does not keep the others from their pages.
      if (ready > 0 && now < this.#backgroundAt) continue;
      this.#backgroundAt = now + BACKGROUND_INTERVAL;
      if (this.#hasSpareWork) this.#hasSpareWork = this.#spareWork();
      this.#background();
    }
    this.#stopAll();
  }

  /** Serves until it is stopped; other work of the thread goes on meanwhile. */
  async run(): Promise<void> {
    this.#isSync = false;
    for (const it of this.#served) this.#startBackground(it);
    using doorbell = new Doorbell();
    let rung = doorbell.ring(this.set);
    while (!this.#isStopped()) {
      const woken = new Promise<void>((resolve) => this.#wake = resolve);
      const timeout = this.#timeout();
      const timer = Number.isFinite(timeout)
        ? setTimeout(this.#wake, Math.max(1, timeout))
        : undefined;
      await Promise.race([rung.promise, woken]);
      clearTimeout(timer);
      // What woke it may be done before any event is heard of; and the next try
      // of a page may need just the events that are waiting.
      if (!rung.isDone) await setImmediate();
      this.set.poll(0);
      if (rung.isDone) {
        // Not before: the thread may not have heard it yet.
        this.#bell.clear();
        rung = doorbell.ring(this.set);
      }
      for (const it of [...this.#served]) {
        this.#guard(it, () => it.process.serve(this.#watch(it)));
      }
      this.#rotate();
      this.#report(performance.now());
      this.timers.run();
    }
    this.#bell.ring();
    await rung.promise;
    this.#stopAll();
    await Promise.all(this.#ending);
  }

  /** Returns how many events there were. */
  #readEvents(served: ServedProcess): number {
    // Without a closure: this is done for each fault.
    try {
      const count = served.process.readEvents();
      served.tellIfFailed();
      return count;
    } catch (error) {
      this.#failed(served, error);
      return 0;
    }
  }

  #countServed(): void {
    const [first, ...others] = this.#served;
    this.#only = others.length === 0 ? first : undefined;
  }

  /** Lets each tell how far it is, now and then. */
  #report(now: number): void {
    if (now < this.#reportAt) return;
    this.#reportAt = now + REPORT_INTERVAL;
    for (const it of this.#served) it.watch.onTurn?.();
  }

  #timeout(): number {
    if (this.#isSync && this.#hasSpareWork) return 0;
    let least = this.timers.timeout;
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

  #startBackground(served: ServedProcess): void {
    const { process } = served;
    if (process.wantsBackground) process.load(this.#watch(served));
  }

  #watch(served: ServedProcess): ReadWatch {
    return {
      onChange: () => this.#wake(),
      onError: (error) => this.#failed(served, error),
    };
  }

  /** Whoever comes first may start reads first: the next time it is another. */
  #rotate(): void {
    const [first] = this.#served;
    if (first === undefined || this.#served.size === 1) return;
    this.#served.delete(first);
    this.#served.add(first);
  }

  #guard(served: ServedProcess, work: () => void): void {
    try {
      work();
    } catch (error) {
      return this.#failed(served, error);
    }
    served.tellIfFailed();
  }

  #failed(served: ServedProcess, error: unknown): void {
    if (!this.#served.has(served)) return;
    this.#end(served);
    served.watch.onEnd(error);
  }

  #end(served: ServedProcess): void {
    this.#served.delete(served);
    this.#countServed();
    this.set.delete(served.process.uffd.fd);
    served.process.stop();
    // There is no read to wait for, and no promise settles while a thread serves
    // without giving it to anything else: what one holds would stay for ever.
    if (this.#isSync) return;
    const ending = served.process.settled().finally(() =>
      this.#ending.delete(ending)
    );
    this.#ending.add(ending);
  }

  #stopAll(): void {
    for (const served of [...this.#served]) this.#end(served);
  }

  /** Gives its memory back. */
  [Symbol.dispose](): void {
    this.set[Symbol.dispose]();
    this.#bell.release();
  }
}
