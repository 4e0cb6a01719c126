import { sleep } from "./wait.ts";

/** When to retry. */
export interface RetryOptions {
  /** Stops it; the promise then rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /**
   * Returns the milliseconds to wait after a failure, the first of which has
   * number 0, or throws what {@linkcode retry} is to reject with.
   */
  readonly delayAfter: (error: unknown, number: number) => number;
}

/** Repeats `attempt` until it succeeds, or a failure is final. */
export async function retry<T>(
  attempt: () => Promise<T>,
  { signal, delayAfter }: RetryOptions,
): Promise<T> {
  for (let number = 0;; number++) {
    signal?.throwIfAborted();
    let delay: number;
    try {
      return await attempt();
    } catch (error) {
      signal?.throwIfAborted();
      delay = delayAfter(error, number);
    }
    await sleep(delay, signal);
  }
}

/** Returns a delay that doubles with each failure, up to `longest`. */
export function backoff(
  number: number,
  { first, longest = Infinity }: {
    readonly first: number;
    readonly longest?: number;
  },
): number {
  return Math.min(first * 2 ** number, longest);
}
