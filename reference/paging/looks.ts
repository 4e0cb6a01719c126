import { linux } from "../linux/mod.ts";

/**
 * How often to look for another fault, after one, before sleeping: a fault is
 * mostly followed by the next, and to be woken takes longer than to serve it.
 */
const LOOKS_BEFORE_SLEEP = 20;
/** Of so many looks, one is at all descriptors, not at the only process alone. */
const LOOKS_AT_ALL = 8;
/** Milliseconds between two looks that show that others want to work. */
const LONG_PAUSE = 0.05;
/** Milliseconds without looks then: each would give the processor away. */
const SLEEPS_AFTER_LONG_PAUSE = 100;

/** Whether to look for more to do, or to sleep until there is. */
export class Looks {
  #left = 0;
  #turn = 0;
  #sleepUntil = 0;
  #lookedAt = 0;

  /** Whether to look once more before sleeping. */
  get isLooking(): boolean {
    return this.#left > 0;
  }

  /** Whether the next look is at the only process alone. */
  get isNarrow(): boolean {
    return this.#left > 0 && ++this.#turn % LOOKS_AT_ALL > 0;
  }

  /** Something was found, for one process or for one of several. */
  found(now: number, hasSeveral: boolean): void {
    this.#left = now < this.#sleepUntil ? 0 : LOOKS_BEFORE_SLEEP;
    // With several there is always one to answer: those who wait for this very
    // processor would have it at the next tick of the clock only.
    if (this.#left > 0 && hasSeveral) this.#yield(now);
    this.#lookedAt = performance.now();
  }

  /** Nothing was found. */
  missed(now: number): void {
    if (this.#left === 0) return;
    this.#left--;
    if (now - this.#lookedAt > LONG_PAUSE) this.#sleep(now);
    this.#lookedAt = now;
  }

  /** Lets others work. */
  #yield(now: number): void {
    linux().call.sched_yield();
    const end = performance.now();
    if (end - now > LONG_PAUSE) this.#sleep(end);
  }

  /**
   * Others worked here meanwhile: to look uses up the time that this thread is
   * given, and then it has to wait for them. Who sleeps is woken first.
   */
  #sleep(now: number): void {
    this.#left = 0;
    this.#sleepUntil = now + SLEEPS_AFTER_LONG_PAUSE;
  }
}
