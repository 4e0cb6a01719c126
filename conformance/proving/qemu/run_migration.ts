import type { QmpClient } from "../../../reference/doors/qemu.ts";

const TIMEOUT_MS = 300_000;

/** Options of runMigration(). */
export interface RunOptions {
  /** The URI to save to or load from, for example `file:snapshot`. */
  readonly uri: string;
  /** Milliseconds. Default: 300,000. */
  readonly timeoutMs?: number | undefined;
}

/** A migration that QEMU started, and that failed. */
export class MigrationError extends Error {
  override readonly name = "MigrationError";
  /** QEMU's message. */
  readonly reason: string;

  constructor(command: string, reason: string) {
    super(`Cannot ${command}: ${reason}`);
    this.reason = reason;
  }
}

/**
 * Starts a migration and waits for the event of its completion: the capability
 * `events` must be on. Rejects with QEMU's message; QEMU keeps running.
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
  throw new MigrationError(
    command,
    String(info["error-desc"] ?? `it is ${info.status}`),
  );
}
