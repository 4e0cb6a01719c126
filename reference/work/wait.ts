/** Limits of a wait. */
export interface WaitOptions {
  /** Ends the wait: the promise then rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /** Maximum time in milliseconds; `Infinity` for no limit. */
  readonly timeout?: number | undefined;
}

/** Maximum delay of a timer, in milliseconds. */
const TIMER_MAX = 2 ** 31 - 1;

/**
 * Settles as `promise` does, unless the signal is aborted or the time is up
 * before. In the latter case it rejects with the error that `timeoutError`
 * returns; without `timeoutError`, there is no time limit. The promise itself
 * continues.
 */
export async function waitFor<T>(
  promise: Promise<T>,
  options: WaitOptions & { readonly timeoutError?: (timeout: number) => Error },
): Promise<T> {
  const { signal, timeout = Infinity, timeoutError } = options;
  // It may reject when nothing awaits it any more.
  promise.catch(() => {});
  signal?.throwIfAborted();
  const { promise: over, reject } = Promise.withResolvers<never>();
  const abort = () => reject(signal?.reason);
  signal?.addEventListener("abort", abort);
  const timer = timeoutError === undefined || timeout > TIMER_MAX
    ? undefined
    : setTimeout(() => reject(timeoutError(timeout)), timeout);
  try {
    return await Promise.race([promise, over]);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", abort);
  }
}

/** Resolves after a time; rejects if the signal is aborted before. */
export function sleep(
  milliseconds: number,
  signal?: AbortSignal,
): Promise<void> {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const stop = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", stop);
      resolve();
    }, milliseconds);
    signal?.addEventListener("abort", stop, { once: true });
  });
}

/** Options of {@linkcode retry}. */
export interface RetryOptions {
  /** Stops the retries; the promise then rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /**
   * Returns the milliseconds to wait after a failure, counted from 0, or throws
   * the error that {@linkcode retry} then rejects with.
   */
  readonly delayAfter: (error: unknown, number: number) => number;
}

/** Repeats `attempt` until it succeeds, or until `delayAfter` throws. */
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
