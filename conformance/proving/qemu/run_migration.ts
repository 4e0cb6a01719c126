import type { QmpClient } from "../../../reference/doors/qemu.ts";

const TIMEOUT_MS = 60_000;

/** What to save to or to load from, and for how long to wait. */
export interface RunOptions {
  /** Where to: `file:snapshot`. */
  readonly uri: string;
  /** Milliseconds. Default: 60,000. */
  readonly timeoutMs?: number | undefined;
}

/**
 * Starts a migration and waits for its end, told by QEMU's events: the capability
 * `events` must be on. Rejects with QEMU's own text; QEMU goes on.
 */
export async function runMigration(
  qmp: QmpClient,
  command: "migrate" | "migrate-incoming",
  { uri, timeoutMs = TIMEOUT_MS }: RunOptions,
): Promise<void> {
  const notStarted = new AbortController();
  const ended = qmp.waitForEvent(
    ({ event, data }) =>
      event === "MIGRATION" &&
      (data.status === "completed" || data.status === "failed"),
    { timeout: timeoutMs, signal: notStarted.signal },
  );
  // It may reject before the command is answered.
  ended.catch(() => {});
  try {
    const stays = command === "migrate" ? {} : { "exit-on-error": false };
    await qmp.execute(command, { uri, ...stays });
  } catch (error) {
    notStarted.abort();
    throw error;
  }
  await ended;
  const info = await qmp.execute("query-migrate") as Record<string, unknown>;
  if (info.status === "completed") return;
  throw new Error(
    `Cannot ${command}: ${info["error-desc"] ?? `it is ${info.status}`}`,
  );
}
