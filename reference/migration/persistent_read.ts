import { SourceError } from "../sources/mod.ts";
import { backoff, retry } from "../work/mod.ts";

/** Milliseconds before a retry; the delay doubles each time. */
const DELAYS = { first: 50, longest: 2000 };

/** How long to keep trying. */
export interface PersistentReadOptions {
  /** Milliseconds after the first failure until the read fails for good. */
  readonly retryFor: number;
  /** Aborts the read at once. */
  readonly signal: AbortSignal;
  /** Called for each failure that is retried. */
  readonly onRetry: (error: SourceError) => void;
}

/**
 * Retries `read` until it succeeds: the guest cannot continue without its page,
 * and an unavailable server may recover.
 */
export async function readPersistently<T>(
  read: () => Promise<T>,
  options: PersistentReadOptions,
): Promise<T> {
  const { retryFor, signal, onRetry } = options;
  let firstFailure: number | undefined;
  return await retry(read, {
    signal,
    delayAfter(error, number) {
      if (!(error instanceof SourceError) || error.changed) throw error;
      const delay = backoff(number, DELAYS);
      firstFailure ??= performance.now();
      if (performance.now() + delay > firstFailure + retryFor) throw error;
      onRetry(error);
      return delay;
    },
  });
}
