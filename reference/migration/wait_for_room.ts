import { errorCode, SourceError } from "../sources/mod.ts";
import { sleep } from "../work/mod.ts";

/** Milliseconds between two attempts. */
const DELAY = 500;
const FULL: ReadonlySet<string> = new Set(["ENOSPC", "EDQUOT"]);

/** When to retry a write. */
export interface RoomOptions {
  /** Whether there may be no other copy, so that the write is retried. */
  readonly isOnlyCopy: () => boolean;
  /** Ends the wait; the work then rejects with its error. */
  readonly signal: AbortSignal | undefined;
  /** Called for each failure that is retried. */
  readonly onRetry: ((error: SourceError) => void) | undefined;
}

/** Retries writes that fail because the disk is full until there is space. */
export async function waitForRoom(
  write: () => Promise<void>,
  { isOnlyCopy, signal, onRetry }: RoomOptions,
): Promise<void> {
  for (;;) {
    try {
      return await write();
    } catch (error) {
      if (!isFull(error) || !isOnlyCopy() || signal?.aborted) throw error;
      onRetry?.(error);
      await sleep(DELAY, signal).catch(() => {});
    }
  }
}

/**
 * Whether a write failed because the disk is full. After a flush that failed so,
 * bytes written earlier may be lost.
 */
function isFull(error: unknown): error is SourceError {
  return error instanceof SourceError && error.range !== undefined &&
    FULL.has(errorCode(error));
}
