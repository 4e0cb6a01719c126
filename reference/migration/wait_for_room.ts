import { SourceError } from "../sources/mod.ts";
import { sleep } from "../work/mod.ts";

/** Milliseconds between two tries. */
const DELAY = 500;
const FULL: ReadonlySet<unknown> = new Set(["ENOSPC", "EDQUOT"]);

/** When to try again. */
export interface RoomOptions {
  /** Whether the bytes are nowhere else, and so must not be given up. */
  readonly isOnlyCopy: () => boolean;
  /** Ends the wait; the work then rejects with its error. */
  readonly signal: AbortSignal | undefined;
  /** Called for each failure that is retried. */
  readonly onRetry: ((error: SourceError) => void) | undefined;
}

/** Repeats writes that fail because the disk is full until there is room. */
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
 * Whether a write found no room. A flush that did may have lost bytes written
 * before.
 */
function isFull(error: unknown): error is SourceError {
  return error instanceof SourceError && error.range !== undefined &&
    FULL.has((error.cause as { readonly code?: unknown } | undefined)?.code);
}
