import { setImmediate } from "node:timers/promises";
import {
  Doorbell,
  EventDescriptor,
  PollSet,
  type Ringing,
} from "../linux/mod.ts";
import { BusyPolling } from "./busy_polling.ts";
import { LoopTimers } from "./loop_timers.ts";
import type { PagedProcess } from "./paged_process.ts";
import type { ReadWatch } from "./process_reads.ts";
import { type PagerWatch, ServedProcess } from "./served_process.ts";
import { ServedProcesses } from "./served_processes.ts";

/** Minimum milliseconds between two calls of `onTurn`. */
const REPORT_INTERVAL = 250;
/** Maximum milliseconds that the background waits while there are faults. */
const BACKGROUND_INTERVAL = 50;

/** Serves the page faults of several processes on one thread. */
export class PagerLoop implements Disposable {
  /** The descriptors that the loop polls; callers may add others. */
  readonly set: PollSet = new PollSet(() => {
    // The polling thread still polls the old descriptors, and keeps those open
    // that were closed since: wake it up.
    if (!this.#isSync) this.#bell.ring();
  });
  /** Delayed work. */
  readonly timers: LoopTimers = new LoopTimers();
  readonly #bell: EventDescriptor;
  readonly #isStopped: () => boolean;
  readonly #spareWork: () => boolean;
  readonly #served = new ServedProcesses();
  /** Reads that have not ended yet for processes no longer served. */
  readonly #ending = new Set<Promise<void>>();
  #isSync = true;
  #backgroundAt = 0;
  #reportAt = 0;
  #hasSpareWork = true;
  #wake: () => void = () => {};

  /**
   * `wakeFd` is an eventfd that is rung when `isStopped` may have changed;
   * `spareWork` does one piece of low-priority work and returns whether there
   * is more.
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

  /** Starts to serve a process. */
  add(process: PagedProcess, watch: PagerWatch): void {
    const served = new ServedProcess(process, watch);
    this.#served.add(served);
    this.set.add(process.uffd.fd, () => {
      // Ready without an event: the descriptor may no longer be pollable.
      if (this.#readEvents(served) > 0) return;
      this.#guard(served, () => process.uffd.checkNonBlocking());
    });
    if (!this.#isSync) this.#startBackground(served);
  }

  /** Stops serving a process; nothing is put in place for it from now on. */
  delete(process: PagedProcess): void {
    const served = this.#served.find(process);
    if (served !== undefined) this.#end(served);
  }

  /** Serves until it is stopped, without ever returning to the event loop. */
  runSync(): void {
    const polling = new BusyPolling();
    while (!this.#isStopped()) {
      const only = polling.isNarrow ? this.#served.only : undefined;
      const ready = only === undefined
        ? this.set.poll(polling.isPolling ? 0 : this.#timeout())
        : this.#readEvents(only);
      const now = performance.now();
      if (ready > 0) polling.found(now, this.#served.size > 1);
      else polling.missed(now);
      for (const it of this.#served) {
        if (it.process.hasQueued) {
          this.#guard(it, () => it.process.serveSync());
        }
      }
      this.#report(now);
      this.timers.run();
      // Serve waiting faults first, then one background step. A process that
      // faults without end must not starve the background of the others.
      if (ready > 0 && now < this.#backgroundAt) continue;
      this.#backgroundAt = now + BACKGROUND_INTERVAL;
      if (this.#hasSpareWork) this.#hasSpareWork = this.#spareWork();
      this.#background();
    }
    this.#stopAll();
  }

  /** Serves until it is stopped; the event loop of the thread keeps running. */
  async run(): Promise<void> {
    this.#isSync = false;
    for (const it of this.#served) this.#startBackground(it);
    using doorbell = new Doorbell();
    let rung = this.#ring(doorbell);
    while (!this.#isStopped()) {
      const woken = new Promise<void>((resolve) => this.#wake = resolve);
      const timeout = this.#timeout();
      const timer = Number.isFinite(timeout)
        ? setTimeout(this.#wake, Math.max(1, timeout))
        : undefined;
      if (!rung.isDone) await woken;
      clearTimeout(timer);
      // Let the event loop run: it may report that the doorbell rang. The
      // events are read below in any case, since retries may depend on them.
      if (!rung.isDone) await setImmediate();
      this.set.poll(0);
      if (rung.isDone) {
        await rung.promise;
        // Not earlier: the polling thread may not have seen the ring yet.
        this.#bell.clear();
        rung = this.#ring(doorbell);
      }
      for (const it of [...this.#served]) {
        this.#guard(it, () => it.process.serve(this.#watch(it)));
      }
      this.#served.rotate();
      this.#report(performance.now());
      this.timers.run();
    }
    this.#bell.ring();
    await rung.promise;
    this.#stopAll();
    await Promise.all(this.#ending);
  }

  /**
   * Lets the doorbell wake the loop. A race with its promise for each wakeup
   * would keep something of every one until it rings.
   */
  #ring(doorbell: Doorbell): Ringing {
    const rung = doorbell.ring(this.set);
    const wake = () => this.#wake();
    rung.promise.then(wake, wake);
    return rung;
  }

  /** Returns how many events there were. */
  #readEvents(served: ServedProcess): number {
    // Avoids a closure, because this runs for each fault.
    try {
      const count = served.process.readEvents();
      served.tellIfFailed();
      return count;
    } catch (error) {
      this.#failed(served, error);
      return 0;
    }
  }

  /** Calls `onTurn` of each process, at most once per `REPORT_INTERVAL`. */
  #report(now: number): void {
    if (now < this.#reportAt) return;
    this.#reportAt = now + REPORT_INTERVAL;
    for (const it of this.#served) it.watch.onTurn?.();
  }

  #timeout(): number {
    if (this.#isSync && this.#hasSpareWork) return 0;
    let timeout = this.timers.timeout;
    for (const { process } of this.#served) {
      if (this.#isSync && process.wantsBackground) return 0;
      timeout = Math.min(timeout, process.timeout);
    }
    return timeout;
  }

  #background(): void {
    const next = this.#served.nextForBackground();
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
    this.set.delete(served.process.uffd.fd);
    served.process.stop();
    // A synchronous loop has no reads to wait for, and never returns to the
    // event loop: no promise would settle, and none would release what it
    // holds.
    if (this.#isSync) return;
    const ending = served.process.settled().finally(() =>
      this.#ending.delete(ending)
    );
    this.#ending.add(ending);
  }

  #stopAll(): void {
    for (const served of [...this.#served]) this.#end(served);
  }

  /** Frees the memory of the loop. */
  [Symbol.dispose](): void {
    this.set[Symbol.dispose]();
    this.#bell.release();
  }
}
