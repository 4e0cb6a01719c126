import { linux } from "../linux/mod.ts";

/**
 * Polls after a fault before sleeping. The next fault usually follows at once,
 * and waking up takes longer than serving it.
 */
const LOOKS_BEFORE_SLEEP = 20;
/** Every n-th poll checks all descriptors instead of the single process. */
const LOOKS_AT_ALL = 8;
/**
 * Milliseconds between two polls that show that other threads were scheduled.
 */
const LONG_PAUSE = 0.05;
/** Milliseconds without polling after such a pause. */
const SLEEPS_AFTER_LONG_PAUSE = 100;

/** Decides whether to poll for more work or to sleep until there is some. */
export class Looks {
  #left = 0;
  #turn = 0;
  #sleepUntil = 0;
  #lookedAt = 0;

  /** Whether to poll once more before sleeping. */
  get isLooking(): boolean {
    return this.#left > 0;
  }

  /** Whether the next poll checks the single process only. */
  get isNarrow(): boolean {
    return this.#left > 0 && ++this.#turn % LOOKS_AT_ALL > 0;
  }

  /** Records a poll that found work. */
  found(now: number, hasSeveral: boolean): void {
    this.#left = now < this.#sleepUntil ? 0 : LOOKS_BEFORE_SLEEP;
    // Several processes always have work. Without this, threads that wait for
    // this processor would get it only at the next scheduler tick.
    if (this.#left > 0 && hasSeveral) this.#yield(now);
    this.#lookedAt = performance.now();
  }

  /** Records a poll that found nothing. */
  missed(now: number): void {
    if (this.#left === 0) return;
    this.#left--;
    if (now - this.#lookedAt > LONG_PAUSE) this.#sleep(now);
    this.#lookedAt = now;
  }

  /** Lets other threads run. */
  #yield(now: number): void {
    linux().call.sched_yield();
    const end = performance.now();
    if (end - now > LONG_PAUSE) this.#sleep(end);
  }

  /**
   * Stops polling for a while because other threads use this processor. Polling
   * would use up this thread's time slice and make it wait for them; the
   * scheduler prefers a thread that slept.
   */
  #sleep(now: number): void {
    this.#left = 0;
    this.#sleepUntil = now + SLEEPS_AFTER_LONG_PAUSE;
  }
}
