/** Replaces `performance.now` by a clock that only the test advances. */
export class StoppedClock implements Disposable {
  /** The time in milliseconds. */
  time = 1000;
  readonly #now = performance.now;

  /** Stops the clock until it is disposed of. */
  constructor() {
    performance.now = () => this.time;
  }

  [Symbol.dispose](): void {
    performance.now = this.#now;
  }
}
