/** How long to wait for somebody else. */
export interface WaitOptions {
  /** Gives up: the promise then rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds until it gives up by itself; `Infinity` is never. */
  readonly timeout?: number | undefined;
}

/** The longest time that a timer can be set to. */
const TIMER_MAX = 2 ** 31 - 1;

/**
 * What `promise` gives, unless the signal or the time comes first; `late` then
 * says what was waited for, without it there is no limit. The promise itself
 * goes on.
 */
export async function waitFor<T>(
  promise: Promise<T>,
  options: WaitOptions & { readonly late?: (timeout: number) => Error },
): Promise<T> {
  const { signal, timeout = Infinity, late } = options;
  // It may reject when nobody waits for it any more.
  promise.catch(() => {});
  signal?.throwIfAborted();
  const { promise: over, reject } = Promise.withResolvers<never>();
  const abort = () => reject(signal?.reason);
  signal?.addEventListener("abort", abort);
  const timer = late === undefined || timeout > TIMER_MAX
    ? undefined
    : setTimeout(() => reject(late(timeout)), timeout);
  try {
    return await Promise.race([promise, over]);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", abort);
  }
}

/** Resolves after some time; rejects when the signal is aborted before. */
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
