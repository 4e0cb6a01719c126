import { SourceError } from "../sources/mod.ts";
import { sleep } from "../work/mod.ts";

/** The first wait before another try, in milliseconds; it doubles. */
const FIRST_DELAY = 50;
const LONGEST_DELAY = 2000;

/** How long to keep trying. */
export interface PersistentReadOptions {
  /** Milliseconds from the first failure after which it is given up. */
  readonly retryFor: number;
  /** Gives up at once. */
  readonly signal: AbortSignal;
  /** Is told of each failure that another try follows. */
  readonly onRetry: (error: SourceError) => void;
}

/**
 * Does `read` until it succeeds. Who waits for a page can do nothing but wait:
 * a page that cannot be had now may be had when the server is back.
 */
export async function readPersistently<T>(
  read: () => Promise<T>,
  options: PersistentReadOptions,
): Promise<T> {
  const { retryFor, signal, onRetry } = options;
  let firstFailure: number | undefined;
  for (let delay = FIRST_DELAY;; delay = Math.min(2 * delay, LONGEST_DELAY)) {
    signal.throwIfAborted();
    try {
      return await read();
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof SourceError) || error.changed) throw error;
      firstFailure ??= performance.now();
      if (performance.now() + delay > firstFailure + retryFor) throw error;
      onRetry(error);
    }
    await sleep(delay, signal);
  }
}
