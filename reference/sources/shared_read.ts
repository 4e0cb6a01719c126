import { waitFor } from "../work/mod.ts";

/**
 * One read that several readers wait for. It continues as long as one of them
 * waits, and is aborted when all of them have aborted.
 */
export class SharedRead<T> {
  readonly #controller = new AbortController();
  readonly #done: Promise<T>;
  readonly #settle: (result?: T) => void;
  #waiting = 0;

  /**
   * Starts `read` at once. Calls `settle` once, before any reader continues:
   * with the result, or without it if the read failed or was aborted.
   */
  constructor(
    read: (signal: AbortSignal) => Promise<T>,
    settle: (result?: T) => void,
  ) {
    this.#settle = settle;
    this.#done = read(this.#controller.signal).then((result) => {
      if (!this.#controller.signal.aborted) settle(result);
      return result;
    }, (error) => {
      if (!this.#controller.signal.aborted) settle();
      throw error;
    });
    // Readers get a failure through `join`; without readers it is ignored.
    this.#done.catch(() => {});
  }

  /** Waits for the result, or until `signal` is aborted. */
  async join(signal?: AbortSignal): Promise<T> {
    this.#waiting++;
    if (signal === undefined) return await this.#done;
    const leave = () => this.#leave(signal.reason);
    if (signal.aborted) leave();
    else signal.addEventListener("abort", leave, { once: true });
    try {
      return await waitFor(this.#done, { signal });
    } finally {
      signal.removeEventListener("abort", leave);
    }
  }

  /** Keeps the read going even without a waiting reader. */
  joinInBackground(): void {
    this.#waiting++;
  }

  #leave(reason: unknown): void {
    this.#waiting--;
    if (this.#waiting > 0) return;
    // New readers must start a new read, not join the aborted one.
    this.#settle();
    this.#controller.abort(reason);
  }
}
