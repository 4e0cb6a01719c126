import { linux } from "../system/mod.ts";

/**
 * Polls after a fault before sleeping. The next fault usually follows at once,
 * and waking up takes longer than serving it.
 */
const POLLS_BEFORE_SLEEP = 20;
/** Every n-th poll checks all descriptors instead of the single process. */
const POLLS_PER_FULL_POLL = 8;
/**
 * A yield of more milliseconds shows that other threads keep this processor
 * busy. Short work, such as the kernel's, takes less.
 */
const LONG_PAUSE = 0.5;
/** Milliseconds without polling after such a pause. */
const SLEEP_AFTER_LONG_PAUSE = 50;

/** Decides whether to poll for more work or to sleep until there is some. */
export class BusyPolling {
  #pollsLeft = 0;
  #turn = 0;
  #sleepUntil = 0;

  /** Whether to poll once more before sleeping. */
  get isPolling(): boolean {
    return this.#pollsLeft > 0;
  }

  /** Whether the next poll checks the single process only. */
  get isNarrow(): boolean {
    return this.#pollsLeft > 0 && ++this.#turn % POLLS_PER_FULL_POLL > 0;
  }

  /** Records a poll that found work. */
  found(now: number, hasSeveral: boolean): void {
    this.#pollsLeft = now < this.#sleepUntil ? 0 : POLLS_BEFORE_SLEEP;
    // Of several processes there is always one to serve, so this thread hardly
    // ever finds nothing, and would not yield in `missed`.
    if (this.#pollsLeft > 0 && hasSeveral) this.#yield(now);
  }

  /** Records a poll that found nothing. */
  missed(now: number): void {
    if (this.#pollsLeft === 0) return;
    this.#pollsLeft--;
    this.#yield(now);
  }

  /**
   * Lets other threads run. Without this call, those that wait for this
   * processor would get it only at the next scheduler tick, and this thread
   * would then wait for it in the middle of a fault.
   */
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
    this.#pollsLeft = 0;
    this.#sleepUntil = now + SLEEP_AFTER_LONG_PAUSE;
  }
}
