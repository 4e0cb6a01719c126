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
