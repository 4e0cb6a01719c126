import type { AnswerWatch } from "./http_answer.ts";

/** A number or an object, by the runtime. */
type Timer = ReturnType<typeof setTimeout>;

/**
 * Aborts a request when the server has sent nothing for too long. The time that
 * the consumer needs for the received bytes does not count.
 */
export class SilenceTimer implements AnswerWatch, Disposable {
  readonly #timeout: number;
  readonly #controller: AbortController;
  #waitingSince = performance.now();
  #timer: Timer;
  #isOver = false;

  /** Aborts `controller` after `timeout` milliseconds of silence. */
  constructor(timeout: number, controller: AbortController) {
    this.#timeout = timeout;
    this.#controller = controller;
    this.#timer = this.#start(timeout);
  }

  /** Whether the server was silent for too long. */
  get isOver(): boolean {
    return this.#isOver;
  }

  waiting(): void {
    this.#waitingSince = performance.now();
  }

  heard(): void {
    this.#waitingSince = Infinity;
  }

  // Reuses one timer: setting one per chunk would cost more than the chunk.
  #start(milliseconds: number): Timer {
    return setTimeout(() => {
      const remaining = this.#waitingSince + this.#timeout - performance.now();
      if (remaining > 0) {
        this.#timer = this.#start(Math.min(remaining, this.#timeout));
        return;
      }
      this.#isOver = true;
      this.#controller.abort();
    }, milliseconds);
  }

  /** Stops the timer. */
  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
  }
}
